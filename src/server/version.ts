/**
 * The version in package.json, which a bundled broker could not read; a test keeps them the same.
 */
export const version = '0.1.0'
