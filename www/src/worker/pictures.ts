import type { Picture } from "./messages.js";

/** Pixels of four bytes, red, green, blue, alpha, row by row. */
export interface Pixels {
  width: number;
  height: number;
  bytes: Uint8Array;
}

/** A picture's size in pixels. */
export function sizeOf(picture: Picture): [width: number, height: number] {
  return "displayWidth" in picture
    ? [picture.displayWidth, picture.displayHeight]
    : [picture.width, picture.height];
}

/** Draws pictures, on one canvas as long as they are of one size. */
export class Canvas {
  private readonly canvas = new OffscreenCanvas(1, 1);
  private readonly context: OffscreenCanvasRenderingContext2D;

  /** `reads`: its pixels are read again and again, and so best kept where the CPU is. */
  constructor(reads: boolean) {
    const context = this.canvas.getContext("2d", { willReadFrequently: reads, alpha: true });
    if (!context) {
      throw new Error("the browser has no canvas for pictures");
    }
    this.context = context;
  }

  /** The pixels of a picture, as they are. */
  pixels(picture: Picture): Pixels {
    const [width, height] = sizeOf(picture);
    const data = picture instanceof ImageData ? picture : this.draw(picture, width, height);
    return { width, height, bytes: new Uint8Array(data.data.buffer) };
  }

  /** A picture of another size, small enough to be kept. */
  async shrunk(picture: Picture, width: number, height: number): Promise<Blob> {
    this.fit(width, height);
    const drawn = picture instanceof ImageData ? await createImageBitmap(picture) : picture;
    this.context.drawImage(drawn, 0, 0, width, height);
    return this.canvas.convertToBlob({ type: "image/webp", quality: 0.9 });
  }

  private draw(picture: ImageBitmap | VideoFrame, width: number, height: number): ImageData {
    this.fit(width, height);
    this.context.drawImage(picture, 0, 0, width, height);
    return this.context.getImageData(0, 0, width, height);
  }

  private fit(width: number, height: number): void {
    if (this.canvas.width !== width || this.canvas.height !== height) {
      [this.canvas.width, this.canvas.height] = [width, height];
    } else {
      this.context.clearRect(0, 0, width, height);
    }
  }
}
