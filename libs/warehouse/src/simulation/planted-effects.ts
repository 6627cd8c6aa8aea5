import { STATE_DELAY, STATE_LOADING, STATE_PERSISTENCE, VOLUME_LOADING } from './market-model.js';
import type { SimulationSource } from './simulation-source.js';

/** What the simulation put into the data, so that a result can be judged. */
export interface PlantedEffect {
  readonly pair: string;
  readonly kind: 'predictable' | 'random-walk';
  readonly description: string;
  /** Tables or columns in which a model can see it, clearest first. */
  readonly visibleIn: readonly string[];
}

/** The effects of a simulation, for its manifest. */
export function plantedEffects({ effect = 1 }: SimulationSource): PlantedEffect[] {
  const walk: PlantedEffect = {
    pair: 'usdjpy',
    kind: 'random-walk',
    description:
      'Independent, equally distributed returns that depend on nothing else; any skill beyond overlap is a mistake.',
    visibleIn: [],
  };
  if (effect === 0) return [walk];
  const loading = STATE_LOADING * effect;
  return [
    {
      pair: 'eurusd',
      kind: 'predictable',
      description:
        `Every return gains ${loading} standard deviations per unit of the state ${STATE_DELAY} bars before, an AR(1) of ` +
        `coefficient ${STATE_PERSISTENCE} and unit variance. The state raises the tick volume of the seven euro pairs ` +
        `by ${VOLUME_LOADING * 100} % a unit.`,
      visibleIn: [
        'mkt_flow.flow_eur_ma_45',
        'mkt_flow.flow_eur_lag_30',
        'mkt_flow.flow_eur',
        'base_idx_eurusd.volume_idx',
      ],
    },
    walk,
  ];
}
