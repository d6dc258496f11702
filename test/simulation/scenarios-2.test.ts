import { holdPart } from './held.ts';

holdPart(2, 3);
