import { holdPart } from './held.ts';

holdPart(1, 3);
