/**
 * Writes a WebAssembly module: its bytes, made here and now, so that there is nothing to build and
 * no binary to trust. Only what we need: functions over numbers of 32 bits, and one memory.
 */

/** Instructions, as the bytes that they are. */
export type Code = readonly number[];

/** As much of the global of this name as we use; every machine that we run on has it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
};

export const valueTypes = { i32: 0x7f, v128: 0x7b } as const;
export type ValueType = (typeof valueTypes)[keyof typeof valueTypes];

export interface Func {
  readonly name: string;
  readonly parameters: number;
  readonly results: 0 | 1;
  readonly locals: readonly ValueType[];
  readonly body: Code;
}

const [typeSection, functionSection, memorySection, exportSection, codeSection] = [1, 3, 5, 7, 10];
const [functionType, functionExport, memoryExport] = [0x60, 0, 2];
const endOfBody = 0x0b;

/** What a module exports; throws where the machine lacks an instruction that it has. */
export function instantiate<Exports extends object>(bytes: Uint8Array<ArrayBuffer>): Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Exports;
}

/** A module that exports these functions and, as `memory`, so many pages of 64 KiB. */
export function moduleBytes(functions: readonly Func[], pages: number): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters, results }) => [
    functionType,
    ...list(new Array(parameters).fill([valueTypes.i32])),
    ...list(new Array(results).fill([valueTypes.i32])),
  ]);
  const exported = functions.map(({ name }, i) => [...text(name), functionExport, ...unsigned(i)]);
  return Uint8Array.from(
    [
      [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      section(typeSection, list(types)),
      section(functionSection, list(functions.map((_, i) => unsigned(i)))),
      section(memorySection, list([[0x01, ...unsigned(pages), ...unsigned(pages)]])),
      section(exportSection, list([[...text('memory'), memoryExport, 0], ...exported])),
      section(codeSection, list(functions.map(bodyOf))),
    ].flat(),
  );
}

function bodyOf({ locals, body }: Func): Code {
  const declared = list(locals.map((type) => [1, type]));
  return [unsigned(declared.length + body.length + 1), declared, body, [endOfBody]].flat();
}

function section(id: number, content: Code): Code {
  return [[id], unsigned(content.length), content].flat();
}

function list(items: readonly Code[]): Code {
  return [unsigned(items.length), ...items].flat();
}

function text(ascii: string): Code {
  return list([...ascii].map((letter) => [letter.charCodeAt(0)]));
}

/** Seven bits a byte, the least first; the eighth says that more follow. LEB128. */
export function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** The same with a sign, which the last byte's seventh bit tells. */
export function signed(value: number): Code {
  const isLast = value >= -0x40 && value < 0x40;
  return isLast ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}
