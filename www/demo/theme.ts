import { made, part } from "./elements.js";

const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];
const KEY = "streamo-theme";

const button = part("theme", HTMLButtonElement);

function remembered(): Theme {
  try {
    return THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? "auto";
  } catch {
    return "auto"; // a browser that keeps nothing for this page
  }
}

function show(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  const [sign, word] = { auto: ["◐", "Auto"], light: ["○", "Light"], dark: ["●", "Dark"] }[theme];
  const drawn = made("span", "", sign);
  drawn.setAttribute("aria-hidden", "true");
  button.replaceChildren(drawn, made("span", "word", ` ${word}`), made("span", "hidden", " colours"));
}

/** Light, dark, or as the system has it; the visitor's choice is remembered. */
export function followTheme(): void {
  let theme = remembered();
  show(theme);
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
    show(theme);
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // it holds until the page is closed
    }
  });
}
