/**
 * Texts about bans: who may not connect.
 */
import type { Texts } from './table.ts'

export const banTexts = {
  'bans.title': ['Bans', '접속 차단'],
  'bans.none': ['Nobody is banned.', '차단된 클라이언트가 없습니다.'],
  'bans.add': ['Ban…', '차단…'],
  'bans.who': ['Who', '대상'],
  'bans.ends': ['Ends', '해제 예정'],
  'bans.by': ['By', '차단한 사람'],
  'bans.since': ['Since', '차단 시점'],
  'bans.total': ['{bans} of at most {max}', '최대 {max}건 중 {bans}건'],
  'bans.lift': ['Lift', '해제'],
  'bans.liftNamed': ['Lift the ban of {who}', '{who} 차단 해제'],
  'bans.lift.question': ['Let {who} connect again?', '{who}의 접속을 다시 허용할까요?'],
  'bans.lift.words': [
    'The ban ends at once. Whatever other bans there are stay.',
    '차단이 바로 풀립니다. 다른 차단은 그대로 남습니다.',
  ],
  'bans.lift.action': ['Lift the ban', '차단 해제'],
  'ban.question': ['Keep a client out?', '클라이언트 접속을 차단할까요?'],
  'ban.words': [
    'Whoever it is, is disconnected at once and refused from then on, whatever the password is. Its Session stays, and what is sent to it waits.',
    '연결이 바로 끊기고, 이후에는 비밀번호와 상관없이 접속이 거절됩니다. 세션은 남아 있으며 보낸 메시지는 대기합니다.',
  ],
  'ban.as': ['What is banned', '차단 기준'],
  'ban.as.clientid': ['Client Identifier', '클라이언트 식별자'],
  'ban.as.username': ['User Name', '사용자 이름'],
  'ban.as.peerhost': ['Address', '주소'],
  'ban.as.peerhost_net': ['Range of addresses', '주소 대역'],
  'ban.for': ['For how long', '차단 기간'],
  'ban.reason': ['Reason (the client is not told)', '사유(클라이언트에는 알리지 않음)'],
  'ban.action': ['Ban', '차단'],
} as const satisfies Texts
