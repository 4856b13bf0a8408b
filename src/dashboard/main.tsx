/**
 * Where the dashboard begins: finds out who is logged in, then shows the pages or asks for a login.
 */
import { render } from 'preact'
import { me, recognise } from './api.ts'
import { noteFault } from './live.ts'
import { Shell } from './shell.tsx'
import './style.css'
import { Login } from './login.tsx'

const retryMs = 2000

function App() {
  if (me.value === undefined) return <Shell isReady={false} />
  return me.value === null ? <Login /> : <Shell isReady={true} />
}

async function begin(): Promise<void> {
  try {
    await recognise()
  } catch (error) {
    // Anything else is no answer to the question: a broker that is still starting, perhaps.
    if (noteFault(error).status === 401) me.value = null
    else setTimeout(begin, retryMs)
  }
}

const place = document.getElementById('app')
if (place !== null) render(<App />, place)
void begin()
