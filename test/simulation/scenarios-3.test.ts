import { holdPart } from './held.ts';

holdPart(3, 3);
