// Short messages about what was just done; they leave by themselves.
interface Toast {
  id: number;
  text: string;
}

class Toasts {
  shown = $state.raw<Toast[]>([]);
  #last = 0;

  say(text: string): void {
    const toast = { id: ++this.#last, text };
    this.shown = [...this.shown.slice(-2), toast];
    setTimeout(() => this.dismiss(toast.id), 7000);
  }

  dismiss(id: number): void {
    this.shown = this.shown.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
