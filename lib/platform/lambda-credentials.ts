// Bundled in place of @aws-sdk/credential-provider-node. Lambda hands credentials to a function in its environment; the SDK's default
// chain (SSO, INI files, IMDS, web identity, login…) would be loaded at every cold start and never used: 130 KB of every bundle.
export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';
