import { made, part } from "./elements.js";
import type { Trouble } from "./words.js";

const banners = part("banners", HTMLDivElement);

export interface Remedy {
  name: string;
  act: () => void;
}

/** What went wrong and what to do about it, until it is dismissed. */
export function showTrouble(trouble: Trouble, remedy?: Remedy): void {
  const banner = made("div", "banner trouble");
  banner.setAttribute("role", "alert");
  const text = made("p");
  text.append(made("strong", "", trouble.message), ` ${trouble.hint}`);
  banner.append(text, ...(remedy ? [button(remedy)] : []), dismissal(banner));
  clearTrouble();
  banners.append(banner);
  banner.scrollIntoView({ block: "nearest" });
}

export function clearTrouble(): void {
  for (const banner of banners.querySelectorAll(".trouble")) banner.remove();
}

/** An offer with one button. */
export function showOffer(message: string, remedy: Remedy): void {
  const banner = made("div", "banner");
  banner.setAttribute("role", "status");
  banner.append(made("p", "", message), button(remedy), dismissal(banner));
  banners.append(banner);
}

function dismissal(banner: HTMLElement): HTMLButtonElement {
  return button({ name: "Dismiss", act: () => banner.remove() });
}

function button({ name, act }: Remedy): HTMLButtonElement {
  const element = made("button", "", name);
  element.type = "button";
  element.addEventListener("click", act);
  return element;
}
