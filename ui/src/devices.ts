// What a device is called: a browser or program on which somebody signed in, and the machine it runs on.

export const deviceName = ({ browser, device }: { browser: string; device: string }): string =>
  [browser, device].filter(Boolean).join(' on ') || 'Unknown device';
