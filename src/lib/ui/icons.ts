// Owns the shapes of the app's icons: strokes on a grid of 24.

/** Path data by name. */
export const iconPaths = {
  send: 'M7 17 17 7M9 7h8v8',
  receive: 'M17 7 7 17M15 17H7V9',
  home: 'M4 11.5 12 5l8 6.5M6 10v9h12v-9',
  activity: 'M4 7h16M4 12h16M4 17h10',
  channels: 'M4 9h14l-3.5-3.5M20 15H6l3.5 3.5',
  settings:
    'M4 8h9M19 8h1M4 16h1M11 16h9M16 5.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5ZM8 13.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5Z',
  lock: 'M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3',
  copy: 'M9 9h10v11H9zM5 15V4h10',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  back: 'm14.5 5-7 7 7 7',
  next: 'm9.5 5 7 7-7 7',
  close: 'M6 6l12 12M18 6 6 18',
  scan: 'M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M4 12h16',
  paste: 'M9 4h6v3H9zM9 5.5H6V20h12V5.5h-3',
  warning: 'M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.01',
  info: 'M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17ZM12 11v5.5M12 7.8v.01',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 9.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6Z',
  'eye-off':
    'M4 4l16 16M9.5 5.9A9 9 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a16 16 0 0 1-2.7 3.4M6 7.5A15 15 0 0 0 2.5 12S6 18.5 12 18.5a9 9 0 0 0 4.5-1.2',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  clock: 'M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17ZM12 7.5V12l3 2',
  words: 'M5 4h14v16H5zM8.5 8.5h7M8.5 12h7M8.5 15.5h4',
  external: 'M10 5H5v14h14v-5M14 4h6v6M20 4l-9 9',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  backup: 'M7.5 18h9a4 4 0 0 0 .6-7.95 5.5 5.5 0 0 0-10.6 1.1A3.5 3.5 0 0 0 7.5 18ZM9.5 13.2l2 2 3.2-3.4',
  'backup-behind': 'M7.5 18h9a4 4 0 0 0 .6-7.95 5.5 5.5 0 0 0-10.6 1.1A3.5 3.5 0 0 0 7.5 18ZM12 15.5v-4M10 13l2-2 2 2',
  'backup-off': 'M7.5 18h9a4 4 0 0 0 .6-7.95 5.5 5.5 0 0 0-10.6 1.1A3.5 3.5 0 0 0 7.5 18ZM4 4l16 16',
  bolt: 'M13 3 5 13.5h6L10 21l8-10.5h-6z',
  chain:
    'M10 14a4 4 0 0 0 5.7 0l2.6-2.6a4 4 0 0 0-5.7-5.7L11.5 6.8M14 10a4 4 0 0 0-5.7 0l-2.6 2.6a4 4 0 0 0 5.7 5.7l1.1-1.1'
} as const;

/** The icons there are. */
export type IconName = keyof typeof iconPaths;
