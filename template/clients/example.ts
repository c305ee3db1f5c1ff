/** Signs in, and asks who that is. The compiler knows every path, field and status. */

import { connect } from "./client.js";

export async function whoAmI(baseUrl: string, email: string, password: string): Promise<string> {
  const api = connect(baseUrl);
  const { data: tokens, error } = await api.POST("/api/v1/auth/token/", {
    body: { email, password },
  });
  if (!tokens) throw new Error(error.detail ?? error.title);

  const signedIn = connect(baseUrl, () => tokens.access);
  const { data: user } = await signedIn.GET("/api/v1/users/me/");
  return user?.email ?? "nobody";
}
