import { StreamoError, type ErrorCode } from "./errors.js";

/** A camera to choose from. */
export interface CameraInfo {
  id: string;
  /** Empty until a camera has been allowed. */
  label: string;
  /** Which way it looks on a phone, as far as its name tells. */
  facing: "user" | "environment" | null;
}

/** Which camera, and how. */
export interface CameraOptions {
  /** The {@link CameraInfo.id} of one. */
  device?: string;
  /** Towards the user, or away from them. */
  facing?: "user" | "environment";
  /** Pixels a row; the model sees fewer. */
  width?: number;
  /** Rows. */
  height?: number;
  /** Turns the camera off when it is aborted. */
  signal?: AbortSignal;
}

/** A camera that is on. */
export interface Camera {
  /** For a `<video>`, and for {@link Streamo.watch}. */
  readonly stream: MediaStream;
  /** Its name. */
  readonly label: string;
  /** Turns it off, and its light. */
  stop(): void;
}

/** The cameras of this device. Before one has been allowed, browsers tell little of them. */
export async function listCameras(): Promise<CameraInfo[]> {
  const devices = (await globalThis.navigator?.mediaDevices?.enumerateDevices()) ?? [];
  return devices
    .filter(({ kind }) => kind === "videoinput")
    .map(({ deviceId, label }) => ({ id: deviceId, label, facing: facingOf(label) }));
}

function facingOf(label: string): CameraInfo["facing"] {
  if (/\b(front|user|facetime)\b/i.test(label)) {
    return "user";
  }
  return /\b(back|rear|environment)\b/i.test(label) ? "environment" : null;
}

/**
 * Asks for a camera and turns it on.
 *
 * @throws StreamoError `camera-denied`, `camera-absent`, `camera-in-use`, `aborted`.
 */
export async function openCamera(options: CameraOptions = {}): Promise<Camera> {
  const { device, facing, width = 1280, height = 720, signal } = options;
  const aborted = (): StreamoError => new StreamoError("aborted", "the camera is not wanted any more", { cause: signal?.reason });
  if (signal?.aborted) {
    throw aborted();
  }
  const devices = globalThis.navigator?.mediaDevices;
  if (!devices?.getUserMedia) {
    if (globalThis.isSecureContext !== false) {
      throw new StreamoError("camera-absent", "there are no cameras here", { hint: "Call it in the page, not on the server." });
    }
    const hint = "Serve the page over https, or from localhost.";
    throw new StreamoError("camera-denied", "the browser gives no camera to a page without https", { hint });
  }
  const video: MediaTrackConstraints = { width: { ideal: width }, height: { ideal: height } };
  if (device) {
    video.deviceId = { exact: device };
  } else if (facing) {
    video.facingMode = { ideal: facing };
  }
  let stream: MediaStream;
  try {
    stream = await devices.getUserMedia({ video, audio: false });
  } catch (cause) {
    throw explain(cause);
  }
  const stop = (): void => stream.getTracks().forEach((track) => track.stop());
  if (signal?.aborted) {
    stop();
    throw aborted();
  }
  signal?.addEventListener("abort", stop, { once: true });
  return { stream, label: stream.getVideoTracks()[0]?.label ?? "", stop };
}

const REFUSALS: Record<string, [ErrorCode, string]> = {
  NotAllowedError: ["camera-denied", "the camera was not allowed"],
  SecurityError: ["camera-denied", "this page may not use a camera"],
  NotFoundError: ["camera-absent", "there is no camera"],
  OverconstrainedError: ["camera-absent", "there is no such camera"],
  NotReadableError: ["camera-in-use", "the camera cannot be used now"],
  AbortError: ["camera-in-use", "the camera did not start"],
};

function explain(cause: unknown): StreamoError {
  const [code, message] = REFUSALS[cause instanceof Error ? cause.name : ""] ?? ["internal", String(cause)];
  return new StreamoError(code, message, { cause });
}
