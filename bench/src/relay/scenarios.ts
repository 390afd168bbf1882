export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly publishers: number;
  /** Players that are there before the window opens. Player n plays stream n modulo the number of publishers. */
  readonly players: number;
  /** Of them, so many stop reading as soon as they may play. */
  readonly neverReading: number;
  /** Players that come at random times within the window, but early enough for one more keyframe. */
  readonly joining: number;
  /** Places of players that stay for 1 to 4 seconds and come again, from before the window opens to its end. */
  readonly comingAndGoing: number;
  /** Connections that do nothing after connect. As many as {@link FIRST_IDLE} more are there before, and are not counted. */
  readonly idle: number;
  /** Audio and video of each publisher. */
  readonly bitsPerSecond: number;
  readonly gopSeconds: number;
  /** From when all are there to the window. */
  readonly warmUpSeconds: number;
  /** The measured window. */
  readonly seconds: number;
  /** Whether it says anything about a server that knows no RTMP. */
  readonly forBareSockets: boolean;
}

/** They pay for what a server makes once, for its first connections, and for none of its later ones. */
export const FIRST_IDLE = 100;

const ordinary = {
  publishers: 1,
  players: 0,
  neverReading: 0,
  joining: 0,
  comingAndGoing: 0,
  idle: 0,
  bitsPerSecond: 4_000_000,
  gopSeconds: 2,
  warmUpSeconds: 5,
  seconds: 30,
  forBareSockets: false,
};

export const scenarios: readonly Scenario[] = [
  { ...ordinary, name: "players-300", about: "300 players of 4 Mbit/s", players: 300 },
  { ...ordinary, name: "players-800", about: "800 players of 4 Mbit/s: does everything arrive?", players: 800 },
  {
    ...ordinary,
    name: "publishers-200",
    about: "200 publishers of 2 Mbit/s, no players",
    publishers: 200,
    bitsPerSecond: 2_000_000,
  },
  {
    ...ordinary,
    name: "idle-2000",
    about: "2000 connections that do nothing after connect",
    publishers: 0,
    idle: 2000,
    seconds: 5,
    forBareSockets: true,
  },
  {
    ...ordinary,
    name: "slow-100",
    about: "300 players of 4 Mbit/s, of which 100 never read",
    players: 300,
    neverReading: 100,
    seconds: 60,
  },
  {
    ...ordinary,
    name: "joins-50",
    about: "50 players that come at random times to 8 Mbit/s with a keyframe every 4 s",
    joining: 50,
    bitsPerSecond: 8_000_000,
    gopSeconds: 4,
  },
  {
    ...ordinary,
    name: "churn-50",
    about: "100 players of 4 Mbit/s, beside 50 that come and go all the time",
    players: 100,
    comingAndGoing: 50,
  },
];

export interface Overrides {
  readonly seconds: number | null;
  readonly players: number | null;
  readonly publishers: number | null;
}

/** The same with other numbers. Players of any kind shrink and grow in proportion; kinds that are not there stay away. */
export function changed(scenario: Scenario, { seconds, players, publishers }: Overrides): Scenario {
  const { players: constant, joining, comingAndGoing, idle } = scenario;
  const factor = players === null ? 1 : players / Math.max(constant, joining, idle, 1);
  const scaled = (count: number): number => Math.round(count * factor);
  return {
    ...scenario,
    seconds: seconds ?? scenario.seconds,
    publishers: publishers === null || scenario.publishers === 0 ? scenario.publishers : publishers,
    players: scaled(constant),
    neverReading: scaled(scenario.neverReading),
    joining: scaled(joining),
    comingAndGoing: scaled(comingAndGoing),
    idle: scaled(idle),
  };
}
