/** The commands of a node that runs: their words and their help. */
import { Command } from 'commander';
import { port, whole } from './arguments.ts';
import { hostNames, ipAddress, mempoolBytes, peerAddresses, rpcUsers } from './nodearguments.ts';
import { atChainDesk, atDesk, examples, setting, threads } from './option.ts';

export function startNode(): Command {
  return new Command('startnode')
    .description('run a node until it is interrupted')
    .addOption(setting('--port <port>', 'for peers; 0 for any').argParser(port(0)))
    .addOption(
      setting('--peer <address>', 'stay connected to it; repeatable').argParser(peerAddresses),
    )
    .addOption(setting('--lan', 'find nodes nearby, and be found by them').default(true))
    .addOption(setting('--no-lan', 'neither'))
    .addOption(
      setting('--listen <ip>', 'where to listen for peers').argParser(ipAddress).default('0.0.0.0'),
    )
    .addOption(setting('--ws-port <port>', 'listen there for peers in browsers').argParser(port(0)))
    .addOption(setting('--http-port <port>', 'for programs; 0 for any').argParser(port(0)))
    .addOption(
      setting('--http-address <ip>', 'listen there too, and not for this machine alone').argParser(
        ipAddress,
      ),
    )
    .addOption(
      setting('--rpc-auth <user:salt$hmac>', 'who may ask by a password; repeatable').argParser(
        rpcUsers,
      ),
    )
    .addOption(
      setting('--allow-host <name>', 'a name it is called by, as by a proxy; repeatable').argParser(
        hostNames,
      ),
    )
    .addOption(
      setting(
        '--mempool-size <MB>',
        'what waiting payments may take of the memory; else 100',
      ).argParser(mempoolBytes),
    )
    .addOption(setting('--mine [address|label]', 'mine, and pay this; else your first wallet'))
    .addOption(threads())
    .addOption(setting('--automine', 'mine a block when a payment arrives'))
    .addOption(
      setting('--block-interval <seconds>', 'between blocks, where a network has no difficulty')
        .argParser(whole(1))
        .default(15),
    )
    .addHelpText(
      'after',
      examples([
        'startnode',
        'startnode --mine alice',
        'startnode --port 3010 --peer 192.168.1.5:3000',
      ]),
    )
    .addHelpText('after', rpcAuthHelp)
    .action(async (options, command) => {
      const { startNode } = await import('./startnode.ts');
      await atDesk(command, (desk) => startNode(desk, options));
    });
}

/** As share/rpcauth/rpcauth.py of Core does it. */
const rpcAuthHelp = `A user for --rpc-auth, whose password is asked for and never kept:
  $ read -rs PASSWORD
  $ SALT=$(openssl rand -hex 16)
  $ HMAC=$(printf %s "$PASSWORD" | openssl dgst -sha256 -hmac "$SALT" -r | cut -c1-64)
  $ chain startnode --rpc-auth "alice:$SALT\\$$HMAC"
`;

export function stop(): Command {
  return new Command('stop')
    .description('stop the node that runs here')
    .addHelpText('after', examples(['stop']))
    .action(async (_options, command) => {
      const { stop } = await import('./rpc.ts');
      await atDesk(command, stop);
    });
}

export function peers(): Command {
  return new Command('peers')
    .description('who is connected to the node that runs here')
    .addHelpText('after', examples(['peers', 'peers --json']))
    .action(async (_options, command) => {
      const { peers } = await import('./peers.ts');
      await atChainDesk(command, peers);
    });
}

export function addPeer(): Command {
  return new Command('addpeer')
    .description('let the node that runs here stay connected to another')
    .argument('<address>', 'as 192.168.1.5:3000 or /ip4/192.168.1.5/tcp/3000')
    .addHelpText('after', examples(['addpeer 192.168.1.5:3000']))
    .action(async (address, _options, command) => {
      const { addPeer } = await import('./peers.ts');
      await atChainDesk(command, (desk) => addPeer(desk, address));
    });
}

export function rpc(): Command {
  return new Command('rpc')
    .description('ask the node that runs here, in the words of Bitcoin Core')
    .argument('<method>', 'as chain rpc help lists them')
    .argument('[params...]', 'JSON where they can be read so, else text')
    .addHelpText('after', examples(['rpc getblockcount', 'rpc getblockhash 0', 'rpc help']))
    .action(async (method, params, _options, command) => {
      const { rpc } = await import('./rpc.ts');
      await atDesk(command, (desk) => rpc(desk, method, params));
    });
}
