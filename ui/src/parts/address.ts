// A phone number or e-mail address that receives sign-in codes, as the lists show it.
export interface Address {
  id: string;
  title: string;
  /** The name that the person gave it, when that is not the title already. */
  note: string | null;
  added: number;
  used: number | null;
}
