import { Streamo, type Session } from "streamo-wgpu";
import { Answer } from "./answer.js";
import { Awake } from "./awake.js";
import { clearTrouble, showTrouble } from "./banners.js";
import { Controls } from "./controls.js";
import { Cost } from "./cost.js";
import { part } from "./elements.js";
import { keepOffline } from "./install.js";
import { Loader } from "./loader.js";
import { Log } from "./log.js";
import { ModelPicker } from "./model-picker.js";
import { Pace } from "./pace.js";
import { Probabilities } from "./probabilities.js";
import { showProgress, showWaiting } from "./progress.js";
import { Questions } from "./questions.js";
import { Second } from "./second.js";
import { Seen } from "./seen.js";
import { Viewfinder, type CameraChoice, type Choice } from "./source.js";
import { Stage } from "./stage.js";
import { followTheme } from "./theme.js";
import { Timeline } from "./timeline.js";
import * as words from "./words.js";

let session: Session | null = null;
/** Ends what one start has begun. */
let attempt = new AbortController();
let fps = 1;
/** A camera is being opened under a session: one at a time. */
let opening = false;

const probe = part("probe", HTMLParagraphElement);
const about = part("about", HTMLParagraphElement);
const stage = new Stage((phase) => controls.show(phase));
const viewfinder = new Viewfinder(fail);
const loader = new Loader(showProgress);
const seen = new Seen(viewfinder.video);
const timeline = new Timeline((turn) => second.show(turn, fps));
const second = new Second(seen, timeline);
const answer = new Answer();
const probabilities = new Probabilities((rule) => session?.tune(rule));
const cost = new Cost();
const pace = new Pace();
const log = new Log();
const awake = new Awake();
const questions = new Questions(
  (text) => {
    session?.ask(text);
    log.note(`asked: ${text}`);
    if (answer.empty) answer.wait(words.WAITING);
  },
  (text) => {
    session?.withdraw(text);
    log.note(`withdrawn: ${text}`);
  },
);
const controls = new Controls(viewfinder, {
  start: (choice) => void start(choice),
  cancel,
  pause,
  resume: () => void resume(),
  stop: () => finish(words.OVERLAY.ended),
  mute: (on) => (on ? session?.mute() : session?.unmute()),
  turn: (choice) => void turnCamera(choice),
});
const picker = new ModelPicker((wanted) => {
  cancel();
  finish(words.OVERLAY.ended);
  loader.want(wanted);
  about.hidden = true;
});

async function start(choice: Choice): Promise<void> {
  cancel();
  finish(words.OVERLAY.ended);
  if (!stage.go("start")) return;
  clearTrouble();
  const { signal } = (attempt = new AbortController());
  try {
    showWaiting(choice.kind === "camera" ? words.WAITING_FOR_CAMERA : "Starting");
    const opened = viewfinder.open(choice, signal);
    const loaded = loader.load().then((streamo) => {
      if (choice.kind === "camera" && !signal.aborted) showWaiting(words.WAITING_FOR_CAMERA);
      return streamo;
    });
    const [streamo] = await Promise.all([loaded, opened]);
    await viewfinder.play();
    signal.throwIfAborted();
    watch(streamo);
  } catch (error) {
    if (!signal.aborted) fail(error);
  }
}

function watch(streamo: Streamo): void {
  fps = streamo.model.fps;
  about.textContent = streamo.model.about;
  about.hidden = streamo.model.about === null;
  const question = questions.begin();
  answer.wait(question ? words.WAITING : words.NO_QUESTION);
  log.clear();
  pace.clear();
  probabilities.clear();
  probabilities.begin(streamo.model);
  timeline.begin(fps);
  cost.begin(streamo.model, streamo.device);
  seen.begin();
  session = streamo.watch(viewfinder.video, { ...(question ? { question } : {}), ...probabilities.rule });
  hear(session);
  stage.go("ready");
  awake.keep();
}

/** Shows what a session tells, as long as it is the one that is watched. */
function hear(heard: Session): void {
  const current = <D>(act: (detail: D) => void) => (detail: D): void => {
    if (session === heard) act(detail);
  };
  let still = false;
  heard.on("token", current(({ round, text }) => {
    answer.piece(round, text);
    timeline.piece(round, text);
  }));
  heard.on("turn", current((turn) => {
    seen.keep(turn.round, turn.takenAt);
    controls.lamp(turn.state);
    answer.turn(turn);
    timeline.turn(turn);
    probabilities.turn(turn);
    cost.turn(turn);
    pace.turn(turn, fps);
    log.turn(turn);
  }));
  heard.on("behind", current(({ rounds }) => log.note(words.skippedWords(rounds, fps))));
  heard.on("paused", current(({ reason }) => {
    // a pause that was asked for stops the video too
    if (reason !== "asked" && stage.phase === "paused") return;
    still = true;
    log.note(words.pausedWords(reason));
  }));
  heard.on("resumed", current(() => {
    // a clip that begins again says so too, and has not stood still
    if (!still || stage.phase === "paused") return;
    still = false;
    log.note(words.WATCHING_AGAIN);
  }));
  heard.on("lost", current(({ reason }) => log.note(words.lostWords(reason))));
  heard.on("recovered", current(({ rounds }) => log.note(words.recoveredWords(rounds))));
  heard.on("end", current(() => finish(words.VIDEO_OVER)));
  heard.on("error", current(fail));
}

function cancel(): void {
  if (stage.phase !== "loading") return;
  attempt.abort();
  loader.drop();
  viewfinder.close();
  stage.go("cancel");
}

function pause(): void {
  if (opening || !stage.go("pause")) return;
  session?.pause();
  viewfinder.hold();
  awake.let();
}

async function resume(): Promise<void> {
  if (opening) return;
  const { signal } = attempt;
  opening = true;
  try {
    await viewfinder.goOn(signal);
    if (!stage.go("resume")) return;
    session?.resume();
    awake.keep();
  } catch (error) {
    if (!signal.aborted) showTrouble(words.troubleOf(error));
  } finally {
    opening = false;
  }
}

async function turnCamera(choice: CameraChoice): Promise<void> {
  if (opening || stage.phase !== "watching") return controls.cameras();
  const { signal } = attempt;
  opening = true;
  try {
    await viewfinder.turnTo(choice, signal);
    log.note("another camera");
  } catch (error) {
    if (signal.aborted) return;
    if (viewfinder.live) showTrouble(words.troubleOf(error));
    else fail(error);
  } finally {
    opening = false;
  }
  await controls.cameras();
}

/** The stream is over: the source is let go, and what was seen and said stays to be read. */
function finish(title: string): void {
  if (stage.phase !== "watching" && stage.phase !== "paused") return;
  letGo();
  stage.go("end");
  controls.title(title);
  log.note("the stream is over");
}

function fail(error: unknown): void {
  const trouble = words.troubleOf(error);
  letGo();
  if (words.isStreamoError(error) && words.NEEDS_NEW_ENGINE.has(error.code)) loader.drop();
  stage.go("fail");
  log.note(trouble.message);
  const choice = words.isStreamoError(error) && words.ON_PROCESSOR.has(error.code) ? viewfinder.choice : null;
  showTrouble(trouble, choice ? { name: words.RUN_ON_PROCESSOR, act: () => startOnProcessor(choice) } : undefined);
}

function startOnProcessor(choice: Choice): void {
  loader.onProcessor();
  picker.onProcessor();
  void start(choice);
}

function letGo(): void {
  attempt.abort();
  const over = session;
  session = null;
  void over?.close().catch((error: unknown) => console.error(error));
  viewfinder.close();
  seen.end();
  answer.end();
  timeline.end();
  questions.end();
  pace.clear();
  awake.let();
}

Streamo.probe().then(
  (found) => {
    picker.probed(found);
    probe.textContent = words.probeWords(found);
  },
  (error: unknown) => showTrouble(words.troubleOf(error)),
);
followTheme();
keepOffline();
