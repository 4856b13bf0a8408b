/**
 * Texts about who may do what: access rules, API keys, the password.
 */
import type { Texts } from './table.ts'

export const securityTexts = {
  'security.title': ['Security', '보안'],
  'security.intro': [
    'Who may do what: try the access rules, keep clients out, and keep the keys of the API.',
    '누가 무엇을 할 수 있는지 접근 규칙을 시험하고, 접속을 차단하고, API 키를 관리합니다.',
  ],
  'access.title': ['May this client do that?', '이 클라이언트에 권한이 있나요?'],
  'access.note': [
    'Nothing is done, and the client need not be there.',
    '실제로 실행하지 않으며, 클라이언트가 접속해 있지 않아도 됩니다.',
  ],
  'access.groups': ['Its groups', '속한 그룹'],
  'access.action': ['May it', '동작'],
  'access.action.publish': ['publish to', '발행'],
  'access.action.subscribe': ['subscribe to', '구독'],
  'access.action.receive': ['receive from', '수신'],
  'access.action.observe': ['observe', '관찰(observe)'],
  'access.action.admin': ['administer', '관리(admin)'],
  'access.topic': ['Topic Name or Topic Filter', '토픽 이름 또는 토픽 필터'],
  'access.ask': ['Test', '시험'],
  'access.allowed': ['Allowed', '허용됩니다'],
  'access.denied': ['Denied', '거부됩니다'],
  'access.open': ['The access rules do not decide', '접근 규칙으로는 정해지지 않습니다'],
  // The broker's own words, in English to the letter: by them the page knows what to say in another language.
  'access.reason.openToAll': [
    'there are no access rules: nobody is denied anything',
    '접근 규칙이 없어 아무도 거부되지 않습니다',
  ],
  'access.reason.noRules': [
    'there are no access rules: the permissions of accounts decide',
    '접근 규칙이 없어 계정의 권한으로 정해집니다',
  ],
  'access.reason.rule': ['this rule decides', '아래 규칙으로 정해집니다'],
  'access.reason.file': [
    'an ACL file grants every Subscription: whether a message is delivered is decided as receive',
    'ACL 파일은 모든 구독을 허용합니다. 메시지를 보낼지는 수신 규칙으로 정해집니다',
  ],
  'access.reason.leftOpen': [
    'no rule says anything of it: the permissions of accounts decide',
    '해당하는 규칙이 없어 계정의 권한으로 정해집니다',
  ],
  'access.reason.notAllowed': [
    'no rule allows it, and what no rule allows is denied',
    '허용하는 규칙이 없으며, 허용되지 않은 것은 거부됩니다',
  ],
  'access.rule': ['The rule that decides', '결정한 규칙'],
  'access.rule.none': ['no rule', '해당하는 규칙 없음'],
  'access.except': ['Except what these rules keep back', '다음 규칙이 막는 메시지는 제외'],
  'keys.title': ['API keys', 'API 키'],
  'keys.none': ['There are no API keys.', 'API 키가 없습니다.'],
  'keys.name': ['Name', '이름'],
  'keys.scopes': ['Scopes', '권한 범위'],
  'keys.used': ['Last used', '마지막 사용'],
  'keys.make': ['Make a key', '키 만들기'],
  'keys.made': [
    'This is the key. It is shown now and never again:',
    '새 키입니다. 지금 한 번만 표시되니 안전한 곳에 보관하세요:',
  ],
  'keys.remove': ['Take back', '폐기'],
  'keys.removeNamed': ['Take back {name}', '{name} 폐기'],
  'keys.remove.question': ['Take back the key {name}?', '{name} 키를 폐기할까요?'],
  'keys.remove.words': [
    'Programs that use it are refused at once. This cannot be undone.',
    '이 키를 쓰는 프로그램은 바로 거절됩니다. 되돌릴 수 없습니다.',
  ],
  'password.title': ['Password of the administrator', '관리자 비밀번호'],
  'password.current': ['Current password', '현재 비밀번호'],
  'password.new': ['New password (at least 12 characters)', '새 비밀번호(12자 이상)'],
  'password.change': ['Change the password', '비밀번호 변경'],
  'password.changed': [
    'The password has changed. All other logins have ended.',
    '비밀번호를 변경했습니다. 다른 로그인은 모두 종료되었습니다.',
  ],
  'security.users': [
    'Users and access rules are part of the configuration.',
    '사용자와 접근 규칙은 설정에서 관리합니다.',
  ],
} as const satisfies Texts
