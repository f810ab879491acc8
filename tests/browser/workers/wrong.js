// The package's worker on an adapter whose square roots are wrong.

import "./wrong-roots.js";
import "/dist/engine/worker.js";
