/** Quantiles of many positive numbers in little room: counted in classes one percent wide, so right to one percent. */
export class Quantiles {
  private readonly classes = new Float64Array(2_400);
  private count = 0;

  add(value: number): void {
    this.count += 1;
    this.classes[classOf(value)] = (this.classes[classOf(value)] ?? 0) + 1;
  }

  /** The value that this share of all does not exceed; 0 where there is none. */
  at(share: number): number {
    let left = this.count * share;
    for (const [index, many] of this.classes.entries()) {
      left -= many;
      if (many > 0 && left <= 1e-9) return least * width ** index;
    }
    return 0;
  }
}

const least = 0.001;
const width = 1.01;
const classOf = (value: number): number => Math.max(0, Math.min(2_399, Math.round(Math.log(value / least) / Math.log(width))));
