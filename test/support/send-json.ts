/** One request with a JSON body; the answer's JSON, or {} where it has none. */
export async function sendJson(root: string, method: string, path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(root.replace(/\/$/, '') + path, {
    method,
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  return { status: response.status, body: /^[[{]/.test(text) ? (JSON.parse(text) as Record<string, unknown>) : {} };
}
