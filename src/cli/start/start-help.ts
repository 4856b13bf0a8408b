/**
 * What `pabal start --help` says below the list of flags: enough to start without reading anything else.
 */
import { defaultListen } from '../../server/options.ts'

export const startHelp = `
Listeners (--listen):
  tcp://127.0.0.1:1883                          MQTT over TCP
  tls://0.0.0.0:8883?cert=cert.pem&key=key.pem  MQTT over TLS
  ws://127.0.0.1:8083/mqtt                      MQTT over WebSocket, for browsers
  wss://0.0.0.0:8084/mqtt?cert=...&key=...      MQTT over WebSocket and TLS
  unix:///run/pabal.sock                        MQTT over a Unix socket
  A port of 0 takes a free one; the address it got is printed.
  With ?report=off clients are answered 0x00 instead of 0x10 when nobody listens.

HTTP API (--admin):
  http://127.0.0.1:18083                        for this machine; off turns it off
  https://0.0.0.0:18083?cert=cert.pem&key=key.pem
  The first start prints the password of admin, once. What there is: http://127.0.0.1:18083/api/docs

Without any flag:
  listens on ${defaultListen.join(' and ')},
  which only this machine can reach; anybody may connect. What is acknowledged is on the disk, in the directory data.
  A listener that other machines can reach needs users (a configuration file) or --allow-anonymous.

Examples:
  pabal start
  pabal start --listen tcp://0.0.0.0:1883 --allow-anonymous
  pabal start --listen tcp://127.0.0.1:1884 --limit packetBytesMax=4MiB --limit connectionsMax=500
  pabal start --data /var/lib/pabal
  pabal start --durability memory
  pabal start --config pabal.yaml
  pabal start --config /etc/mosquitto/mosquitto.conf

A configuration file (every key is optional):
  listeners:
    - tcp://0.0.0.0:1883
  authentication:
    users:
      - userName: alice
        passwordFile: alice.password   # a file whose only line is the password
  topics:
    - filter: commands/#
      whenNobody: hold                 # or accept, report, reject, dead-letter
  limits:
    sessionQueueMessagesMax: 10000

The environment wins over the file, flags win over both:
  PABAL_CONFIG=pabal.yaml PABAL_LIMITS__PACKET_BYTES_MAX=4MiB pabal start
  pabal check-config pabal.yaml      what is wrong with it; --print: what is in force, and why

Then, in another terminal:
  pabal sub -t 'greetings/#' -v
  pabal pub -t greetings/world -m hello -q 1

The HTTP API and metrics: docs/operating/http-api.md, metrics.md
mosquitto.conf, and "pabal import mosquitto": docs/operating/coming-from-mosquitto.md
Every key and limit: docs/operating/configuration.md
Listeners, certificates, who may connect: docs/operating/listeners.md
What happens when nobody listens: docs/operating/when-nobody-listens.md
`
