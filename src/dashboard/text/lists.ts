/**
 * Texts of clients, configuration and API.
 */
import type { Texts } from './table.ts'

export const listTexts = {
  'clients.title': ['Clients', '클라이언트'],
  'clients.intro': ['Every Session, and how its client is doing.', '모든 세션과 해당 클라이언트의 상태입니다.'],
  'clients.none': ['There are no such Sessions.', '해당하는 세션이 없습니다.'],
  'clients.find': ['Client Identifier', '클라이언트 식별자'],
  'clients.like': ['Part of a Client Identifier', '클라이언트 식별자의 일부'],
  'clients.open': ['Open', '열기'],
  'clients.total': ['{sessions} Sessions, {connections} connected', '세션 {sessions}개, 연결 {connections}개'],
  'clients.address': ['Address', '주소'],
  'clients.protocol': ['Protocol', '프로토콜'],
  'clients.subscriptions': ['Subscriptions', '구독'],
  'clients.all': ['All', '전체'],
  'clients.online': ['Online', '온라인'],
  'clients.offline': ['Offline', '오프라인'],
  'config.title': ['Configuration', '설정'],
  'config.intro': [
    'What is in force, and where each value comes from. Secrets are not shown.',
    '현재 적용된 값과 출처입니다. 비밀 값은 표시하지 않습니다.',
  ],
  'config.key': ['Key', '키'],
  'config.value': ['Value', '값'],
  'config.source': ['From', '출처'],
  'config.default': ['default', '기본값'],
  'config.given': ['given', '지정됨'],
  'config.reload': ['Read again…', '다시 읽기…'],
  'config.reload.question': ['Read the configuration again?', '설정을 다시 읽을까요?'],
  'config.reload.words': [
    'What can be is put in force at once. If there is a fault in it, nothing changes.',
    '바로 적용할 수 있는 값은 즉시 적용됩니다. 오류가 있으면 아무것도 바뀌지 않습니다.',
  ],
  'config.reload.action': ['Read again', '다시 읽기'],
  'config.applied': ['In force now: {keys}.', '지금 적용됨: {keys}.'],
  'config.nothing': ['nothing has changed', '변경 없음'],
  'config.needsRestart': ['Wait for the next start: {keys}.', '다음 시작 때 적용: {keys}.'],
  'config.none': ['Nothing is configured.', '설정된 값이 없습니다.'],
  'api.title': ['API', 'API'],
  'api.intro': [
    'All that this dashboard shows and does goes through the HTTP API.',
    '이 대시보드의 모든 조회와 작업은 HTTP API를 사용합니다.',
  ],
  'api.docs': ['Read its documentation', 'API 문서 읽기'],
  'api.document': ['OpenAPI document', 'OpenAPI 문서'],
} as const satisfies Texts
