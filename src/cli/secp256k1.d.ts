/** What we call of secp256k1's native binding, which brings no types of its own. */
declare module 'secp256k1/bindings.js' {
  const binding: {
    /** Throws at a key that is no point and at numbers out of range. */
    ecdsaVerify(signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean;
  };
  export default binding;
}
