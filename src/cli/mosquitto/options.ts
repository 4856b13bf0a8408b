/**
 * Everything the flags of pub, sub and rr can say, with its defaults. One shape for the three tools; each uses its part.
 */
import type { ProtocolVersion, Qos, RetainHandling } from '../../protocol/control-packet.ts'
import type { Invocation } from './invocation.ts'
import type { PropertyFlag } from './property-flag.ts'

/** Where a pub or rr takes its message from. */
export type MessageMode = 'none' | 'message' | 'null' | 'file' | 'stdin' | 'lines'

export interface ProxyTarget {
  host: string
  port: number
  userName: string | null
  password: string | null
}

export interface TlsOptions {
  caFile: string | null
  caPath: string | null
  certificateFile: string | null
  keyFile: string | null
  keyForm: string | null
  ciphers: string | null
  version: string | null
  alpn: string | null
  pskHex: string | null
  pskIdentity: string | null
  engine: string | null
  engineKeyPassword: string | null
  keyLogFile: string | null
  useOperatingSystemCertificates: boolean
  isInsecure: boolean
  isOff: boolean
}

export interface Options {
  host: string | null
  /** Null: 1883, or 8883 with TLS. */
  port: number | null
  unixPath: string | null
  webSocket: boolean
  lookUpService: boolean
  bindAddress: string | null
  proxy: ProxyTarget | null
  noDelay: boolean
  tls: TlsOptions

  clientIdentifier: Buffer | null
  clientIdentifierPrefix: string | null
  userName: Buffer | null
  password: Buffer | null
  keepAliveSeconds: number
  cleanStart: boolean
  protocolVersion: ProtocolVersion
  /** Seconds; null if `-x` was not given. */
  sessionExpiryInterval: number | null
  inFlightMax: number
  willTopicName: string | null
  willPayload: Buffer | null
  willQos: Qos
  willRetain: boolean
  properties: PropertyFlag[]

  isDebug: boolean
  isQuiet: boolean
  qos: Qos
  /** pub and rr: where the message goes. */
  topicName: string | null
  messageMode: MessageMode
  message: Buffer
  messageFile: string
  retain: boolean
  repeatCount: number
  repeatDelayMs: number
  requireSubscribers: boolean
  /** pub: the receipt that is asked for with each message. */
  receipt: 'delivered' | 'all' | null
  receiptTimeoutSeconds: number

  topicFilters: string[]
  filtersOut: string[]
  unsubscribeFilters: string[]
  /** rr: where the answer comes. */
  responseTopic: string | null
  format: Buffer | null
  isVerbose: boolean
  isPretty: boolean
  endsLines: boolean
  jsonShape: '2.0' | '2.1'
  messageCount: number
  timeoutSeconds: number
  exitOnceSubscribed: boolean
  skipRetained: boolean
  retainedOnly: boolean
  removeRetained: boolean
  retainAsPublished: boolean
  retainHandling: RetainHandling
  /**
   * Of 1,000 messages, how many are printed; 1,000 and above is all. So says the manual of Debian's tools, which print a
   * tenth of that.
   */
  randomFilter: number
  showRate: boolean
  watch: boolean
  showLatency: boolean
}

export function defaultOptions(invocation: Invocation): Options {
  const isFive = !invocation.isDropIn || invocation.tool === 'rr'
  return {
    host: null,
    port: null,
    unixPath: null,
    webSocket: false,
    lookUpService: false,
    bindAddress: null,
    proxy: null,
    noDelay: false,
    tls: defaultTls(),
    clientIdentifier: null,
    clientIdentifierPrefix: null,
    userName: null,
    password: null,
    keepAliveSeconds: 60,
    cleanStart: true,
    protocolVersion: isFive ? 5 : 4,
    sessionExpiryInterval: null,
    inFlightMax: 20,
    willTopicName: null,
    willPayload: null,
    willQos: 0,
    willRetain: false,
    properties: [],
    isDebug: false,
    isQuiet: false,
    qos: 0,
    topicName: null,
    messageMode: 'none',
    message: Buffer.alloc(0),
    messageFile: '',
    ...defaultSending,
    topicFilters: [],
    filtersOut: [],
    unsubscribeFilters: [],
    responseTopic: null,
    format: null,
    isVerbose: false,
    isPretty: false,
    endsLines: true,
    jsonShape: invocation.isDropIn ? '2.0' : '2.1',
    messageCount: 0,
    timeoutSeconds: 0,
    exitOnceSubscribed: false,
    skipRetained: false,
    retainedOnly: false,
    removeRetained: false,
    retainAsPublished: false,
    retainHandling: 0,
    randomFilter: 1000,
    showRate: false,
    watch: false,
    showLatency: false,
  }
}

const defaultSending = {
  retain: false,
  repeatCount: 1,
  repeatDelayMs: 0,
  requireSubscribers: false,
  receipt: null,
  receiptTimeoutSeconds: 30,
} as const satisfies Partial<Options>

function defaultTls(): TlsOptions {
  return {
    caFile: null,
    caPath: null,
    certificateFile: null,
    keyFile: null,
    keyForm: null,
    ciphers: null,
    version: null,
    alpn: null,
    pskHex: null,
    pskIdentity: null,
    engine: null,
    engineKeyPassword: null,
    keyLogFile: null,
    useOperatingSystemCertificates: false,
    isInsecure: false,
    isOff: false,
  }
}
