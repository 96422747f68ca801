// The vendor's part of a page: its own script, which shows fields that only the vendor reads.
import { Problem } from '../api/problem';
import type { VendorConfig } from '../api/types';
import { stripe } from './stripe';

/** Fields of the vendor. */
export interface VendorFields {
  /** Sends what was entered to the vendor. False where something is missing, which the fields say themselves. */
  confirm(): Promise<boolean>;
  remove(): void;
}

/** The vendor's script. */
export interface VendorScript {
  /**
   * Goes on with what the secret names: shows the vendor's fields in `place`, or has the payer's bank ask and then gives
   * nothing. Whoever is sent away comes back to `returnTo`.
   */
  goOn(secret: string, place: HTMLElement, returnTo: string): Promise<VendorFields | null>;
}

/** What the panel knows to use, by the vendor's plugin: starts its loaded script. */
const known: Record<string, (publicKey: string) => VendorScript> = { stripe };

const loading = new Map<string, Promise<void>>();

/** Whether the panel can use the script of this vendor. */
export const hasFields = (vendor: VendorConfig): boolean => vendor.plugin in known && vendor.script !== null;

export async function openVendor({ plugin, script, public_key }: VendorConfig): Promise<VendorScript> {
  const start = known[plugin];
  if (!start || !script || !public_key) throw new Problem('vendor-script');
  let loaded = loading.get(script);
  if (!loaded) {
    loaded = load(script);
    loading.set(script, loaded);
  }
  try {
    await loaded;
    return start(public_key);
  } catch {
    loading.delete(script);
    throw new Problem('vendor-script');
  }
}

const load = (address: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const node = document.createElement('script');
    node.src = address;
    node.onload = () => resolve();
    node.onerror = () => {
      node.remove();
      reject(new Error(address));
    };
    document.head.append(node);
  });
