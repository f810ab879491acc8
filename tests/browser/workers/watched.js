// The package's worker under a test's eyes: it tells what it is given to see, can be slow, and can lose its GPU.

import "./eyes.js";
import "/dist/engine/worker.js";
