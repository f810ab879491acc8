import { showOffer, showTrouble } from "./banners.js";
import { part } from "./elements.js";
import { NEW_VERSION, troubleOf } from "./words.js";

/** Chromium's question whether to install the page; others have it in their menus. */
interface InstallPrompt extends Event {
  prompt(): Promise<unknown>;
}

/** Installs the service worker, and offers a new version of the page and its installation. */
export function keepOffline(): void {
  offerInstallation();
  if (!("serviceWorker" in navigator)) return;
  const controlled = navigator.serviceWorker.controller !== null;
  // the first worker takes over a page that is new anyway
  if (controlled) navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  navigator.serviceWorker.register("offline.js").then(
    (registration) => {
      if (registration.waiting && controlled) offerVersion(registration.waiting);
      registration.addEventListener("updatefound", () => {
        const coming = registration.installing;
        coming?.addEventListener("statechange", () => {
          if (coming.state === "installed" && controlled) offerVersion(coming);
        });
      });
    },
    (error: unknown) => console.warn("This page will not work offline:", error),
  );
}

function offerVersion(worker: ServiceWorker): void {
  showOffer(NEW_VERSION, { name: "Reload", act: () => worker.postMessage("take over") });
}

function offerInstallation(): void {
  const button = part("install", HTMLButtonElement);
  let prompt: InstallPrompt | null = null;
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    prompt = event as InstallPrompt;
    button.hidden = false;
  });
  addEventListener("appinstalled", () => (button.hidden = true));
  button.addEventListener("click", () => {
    prompt?.prompt().catch((error: unknown) => showTrouble(troubleOf(error)));
    button.hidden = true;
  });
}
