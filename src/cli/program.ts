/**
 * The program: every command with its words and its help. What a command does is in a file of its
 * own, loaded when it is called, so that no command pays for another.
 */
import { Command } from 'commander';
import { folder } from './arguments.ts';
import { getBlock, getTransaction, history, mempool } from './askcommands.ts';
import { mine, printChain, status } from './chaincommands.ts';
import { clear, exportChain, importChain, reindex, verify } from './databasecommands.ts';
import { createNetwork } from './networkcommands.ts';
import { addPeer, peers, rpc, startNode, stop } from './nodecommands.ts';
import { examples, setting } from './option.ts';
import { readVersion } from './version.ts';
import {
  bump,
  createWallet,
  exportWallet,
  getBalance,
  importWallet,
  listAddresses,
  newAddress,
  send,
} from './walletcommands.ts';

export function buildProgram(): Command {
  const program = new Command('chain')
    .description('A proof-of-work blockchain on your own machine, by the rules of Bitcoin.')
    .version(readVersion(), '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', examples(['createwallet --label alice', 'mine', 'printchain']));
  for (const option of [
    setting('--network <name|file>', 'main, regtest, or the file of a network').default('main'),
    setting('--datadir <dir>', 'where all data goes').argParser(folder),
    setting('--json', 'answer with JSON'),
    setting('--quiet', 'print the answer and errors only'),
    setting('--verbose', 'tell more of an error'),
  ]) {
    program.addOption(option);
  }
  const walletCommands = [
    createWallet,
    importWallet,
    exportWallet,
    newAddress,
    listAddresses,
    getBalance,
    send,
    bump,
  ];
  const chainCommands = [mine, printChain, status];
  const askCommands = [getBlock, getTransaction, history, mempool];
  const nodeCommands = [startNode, peers, addPeer, stop, rpc];
  const databaseCommands = [verify, reindex, exportChain, importChain, clear];
  for (const make of [
    ...walletCommands,
    ...chainCommands,
    ...askCommands,
    ...nodeCommands,
    ...databaseCommands,
    createNetwork,
  ]) {
    const command = make().helpOption('--help', 'print this help');
    program.addCommand(command.configureHelp({ showGlobalOptions: true }));
  }
  return program;
}
