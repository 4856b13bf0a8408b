/**
 * Language and theme.
 */
import { chooseLanguage, language, languages, t } from './text/text.ts'
import { chooseTheme, theme, themes } from './theme.ts'

export function Preferences() {
  return (
    <div class="side-foot">
      <label>
        {t('shell.language')}
        <select
          value={language.value}
          onChange={({ currentTarget: { value } }) => {
            const chosen = languages.find(([each]) => each === value)
            if (chosen !== undefined) chooseLanguage(chosen[0])
          }}
        >
          {languages.map(([each, name]) => (
            <option key={each} value={each} lang={each}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t('shell.theme')}
        <select
          value={theme.value}
          onChange={({ currentTarget: { value } }) => {
            const chosen = themes.find((each) => each === value)
            if (chosen !== undefined) chooseTheme(chosen)
          }}
        >
          {themes.map((each) => (
            <option key={each} value={each}>
              {t(`shell.theme.${each}`)}
            </option>
          ))}
        </select>
      </label>
    </div>
  )
}
