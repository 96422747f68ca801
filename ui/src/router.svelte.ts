// Which page is shown: real paths over the History API, followed by ordinary links.
import { isOpen, isPath, isPublic, isVendors, paths } from './paths';

class Router {
  path = $state(location.pathname);
  search = $state(location.search);
  /** The fragment a page was opened with. */
  hash = $state(location.hash);

  /** The page to return to after signing in. Only our own pages count. */
  get next(): string {
    const asked = new URLSearchParams(this.search).get('next') ?? paths.overview;
    return isPath(asked) && !isPublic(asked) && !isOpen(asked) ? asked : paths.overview;
  }

  /** Where an application waits for whoever signs in. The server decides whether browsers are sent there. */
  get back(): string | null {
    const address = new URLSearchParams(this.search).get('return_to');
    return address && `/auth/return?to=${encodeURIComponent(address)}`;
  }

  start(): void {
    addEventListener('popstate', () => this.#arrive());
    document.addEventListener('click', (event) => this.#follow(event));
  }

  go(to: string, replace = false): void {
    if (this.#needsLoad(new URL(to, location.origin).pathname)) return replace ? location.replace(to) : location.assign(to);
    if (replace) history.replaceState(null, '', to);
    else history.pushState(null, '', to);
    this.#arrive();
    scrollTo(0, 0);
  }

  #arrive(): void {
    this.path = location.pathname;
    this.search = location.search;
    this.hash = location.hash;
  }

  /** Whether the document must be another one, because of what its policy allows. */
  #needsLoad = (to: string): boolean => to !== location.pathname && (isVendors(to) || isVendors(location.pathname));

  #follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (!isPath(link.pathname) || this.#needsLoad(link.pathname)) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}

export const router = new Router();
