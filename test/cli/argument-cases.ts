/**
 * Command lines, right and wrong, that the argument reader is compared over. `everyTool` are tried with all three.
 */
import type { Tool } from '../../src/cli/mosquitto/invocation.ts'

const withoutValue =
  `-A --cafile --capath --cert --ciphers -C -D -e -f -F -h -i -I -k --key --keyform -L -m -M -p -P --proxy
  --psk --psk-identity -q --random-filter --repeat --repeat-delay -t -T --tls-alpn --tls-engine --tls-engine-kpass-sha1
  --tls-version -U -u --unix -V -W --will-payload --will-qos --will-topic -x -o -l -n -s -r -S -E -N -R -v -d -c --bogus
  word --host --port --url --id --id-prefix --username --pw --keepalive --protocol-version --debug --quiet --verbose --qos
  --topic --message --file --null-message --stdin-line --stdin-file --retain --filter-out --unsubscribe --property
  --disable-clean-session --pretty --remove-retained --retained-only --retain-as-published --nodelay --insecure
  --tls-use-os-certs --will-retain --latency --message-rate --retain-handling --json-compat --ws --no-tls -w
  --require-subscribers --receipt --receipt=all --receipt-timeout --format --count --retained`.split(/\s+/)

const everyTool: readonly (readonly string[])[] = [
  ...withoutValue.map((flag) => [flag]),
  ...['3', 'x', '-1', '2', '99999999999'].map((value) => ['-q', value]),
  ...['3', '0', '70000', '5', '65535', 'x'].map((value) => ['-k', value]),
  ...['0', '-1', '5', 'x'].map((value) => ['-M', value]),
  ...['70000', '-1', 'x', '0', '65535', '99999999999'].map((value) => ['-p', value]),
  ...['4', 'mqttv4', '5', '3', 'MQTTV5', 'mqttv31', '311', ''].map((value) => ['-V', value]),
  ...['0', '-1', 'x', '7'].map((value) => ['-W', value]),
  ...['abc', '-1', '-2', '5000000000', '4294967296', '4294967295', '0', '∞', '5x', ' 5', '+5', '5 '].map((value) => [
    '-x',
    value,
  ]),
  ...['3', 'x', '2'].map((value) => ['--will-qos', value]),
  ...['a/+', '#', 'a', ''].map((value) => ['--will-topic', value]),
  ['--will-payload', 'x'],
  ['--will-retain'],
  ['--will-retain', '--will-payload', 'x', '--will-topic', 'w'],
  ['-i', 'a', '-I', 'b'],
  ['-I', 'b', '-i', 'a'],
  ['-c'],
  ['-c', '-V', '5'],
  ['-c', '-I', 'prefix'],
  ['-c', '-V', '31'],
  ['-x', '-1', '-V', '5'],
  ['-V', '5', '-x', '∞', '-i', 'a'],
  ...['foo', 'mqtt://h', 'http://h/t', 'ws://h/t', 'mqtt:/h/t'].map((value) => ['-L', value]),
  ...['foo', 'socks5://x', 'socks5h://u:p@h:99999', 'socks5h://', 'socks5h://h:x', 'socks5h://h'].map((value) => [
    '--proxy',
    value,
  ]),
  ['--psk', 'aa'],
  ['--psk', 'aa', '--psk-identity', 'b', '--cafile', 'x'],
  ['--psk', 'aa', '--psk-identity', 'b', '--capath', 'x'],
  ['--cert', 'x'],
  ['--key', 'x'],
  ['--keyform', 'pem'],
  ['--tls-engine-kpass-sha1', 'x'],
  ['--quiet', '--bogus'],
  ...properties(),
]

function properties(): string[][] {
  const lines = `x
    x y z
    connect y z
    connect user-property
    connect user-property a
    connect user-property a b
    connect content-type a
    connect will-delay-interval 5
    CONNECT receive-maximum 70000
    connect receive-maximum x
    connect receive-maximum 0
    connect receive-maximum -1
    connect receive-maximum 99999999999999999999
    connect request-problem-information 2
    connect request-problem-information 300
    connect session-expiry-interval 10
    connect session-expiry-interval 5000000000
    connect maximum-packet-size 0
    connect topic-alias-maximum 0
    connect authentication-method m
    Connect Receive-Maximum 5
    Connect Receive-Maximum 99999999
    subscribe content-type x
    subscribe subscription-identifier 5
    subscribe subscription-identifier 268435456
    unsubscribe user-property a b
    disconnect session-expiry-interval 10
    disconnect server-reference x
    disconnect reason-string x
    publish payload-format-indicator 2
    publish topic-alias 0
    publish content-type x
    publish message-expiry-interval -1
    publish subscription-identifier 5
    will content-type x
    will payload-format-indicator 2
    puback reason-string x
    pubrec reason-string x
    pubrel reason-string x
    pubcomp reason-string x
    pubcomp reason-string
    PUBACK Reason-String 9
    CONNECT Content-Type 9
    auth reason-string x
    suback server-reference x
    connack server-reference x`
  return lines.split('\n').map((line) => ['-D', ...line.trim().split(' ')])
}

const complete: Readonly<Record<Tool, readonly string[]>> = {
  pub: ['-t', 'a', '-m', 'x'],
  sub: ['-t', 'a'],
  rr: ['-t', 'a', '-e', 'b', '-m', 'x'],
}

/** Behind a command line that is complete: what is checked last. */
const behindComplete: readonly (readonly string[])[] = [
  [],
  ...[
    ['connect', 'receive-maximum', '0'],
    ['connect', 'request-problem-information', '2'],
    ['connect', 'maximum-packet-size', '0'],
    ['publish', 'topic-alias', '0'],
    ['publish', 'response-topic', 'a/+'],
    ['disconnect', 'server-reference', 'x'],
    ['subscribe', 'subscription-identifier', '0'],
  ].map((words) => ['-D', ...words]),
  ...[
    'connect receive-maximum 1',
    'publish content-type x',
    'will content-type x',
    'subscribe subscription-identifier 1',
  ].map((words) => ['-D', ...words.split(' '), '-D', ...words.split(' ')]),
  ['-D', 'will', 'content-type', 'a', '-D', 'will', 'content-type', 'a', '--will-topic', 'w'],
  ['-D', 'connect', 'session-expiry-interval', '5', '-x', '6'],
  ['-D', 'publish', 'user-property', 'a', 'b', '-D', 'publish', 'user-property', 'a', 'b'],
]

const formats =
  `% %z \\z a\\ @ %10 %- %0-10.5t @Q %5q %% %10.5l %.5t %-010t %00t %--t %5 @@ %. %-0 %0- %5.5 %+5t %h %5% %%% \\q \\x
  %üt a%ü \\ü @ü %d %f %i %t%`.split(/\s+/)

const ofTool: Readonly<Record<Tool, readonly (readonly string[])[]>> = {
  pub: [
    ...['-n', '-l', '-s'].map((flag) => ['-m', 'x', flag]),
    ['-n', '-m', 'x'],
    ['-m', 'x', '-m', 'y'],
    ['-f', 'x', '-m', 'y'],
    ['-l', '-s'],
    ...['0', '-1', 'x', '3'].map((value) => ['--repeat', value]),
    ...['-1', 'x', '0.1'].map((value) => ['--repeat-delay', value]),
    ...['a+', 'a/#', '#', '+'].map((value) => ['-t', value]),
    ['-L', 'mqtt://h/a/+'],
  ],
  sub: [
    ...['0', '-5', 'abc', '3'].map((value) => ['-C', value]),
    ...['a/#/b', 'a+', '#a', 'a/#', '+/+', '#', ''].map((value) => ['-t', value]),
    ...['a+', 'a/+'].flatMap((value) => [
      ['-T', value],
      ['-U', value],
    ]),
    ...['0', '1001', '0.1', '0.05', 'x', '100', '1000.1'].map((value) => ['--random-filter', value]),
    ...formats.map((value) => ['-F', value]),
  ],
  rr: [
    ...['b+', 'b/#'].map((value) => ['-e', value]),
    ...['a+', '#'].map((value) => ['-t', value]),
    ['-t', 'a', '-m', 'x'],
    ['-t', 'a', '-e', 'b'],
    ...formats.slice(0, 6).map((value) => ['-F', value]),
  ],
}

export interface ArgumentCase {
  readonly tool: Tool
  readonly words: readonly string[]
}

export const argumentCases: readonly ArgumentCase[] = (['pub', 'sub', 'rr'] as const).flatMap((tool) => {
  const words = [...everyTool, ...ofTool[tool], ...behindComplete.map((more) => [...complete[tool], ...more])]
  return words.map((each) => ({ tool, words: each }))
})
