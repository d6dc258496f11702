/**
 * Into so many parts is divided what chance names one of for each call. V8 makes an object of a number that is larger or
 * no whole one, wherever it is given to somebody or back.
 */
export const PARTS = 2 ** 30;
