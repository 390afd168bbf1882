/**
 * Who a server of this suite says it is: localhost, from 2020 to 2120. The key is no secret: whoever trusts this
 * certificate anywhere else is lost.
 */
export const identity: { readonly cert: string; readonly key: string } = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBZTCCAQqgAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABI993M99XAb19Jbh
nWkmDXbJywA/oe7arrZvWrxIisT+5xAC5YzRzSAoDtyg7Fw8lIWHj6dCuSf+J3HL
wMEp8l+jSzBJMBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAMBgNVHRMBAf8E
AjAAMB0GA1UdDgQWBBRd8q6/rsnnz9LLwpV0NDEg2f+EJTAKBggqhkjOPQQDAgNJ
ADBGAiEAwYV+aRnx6E03q5EJAmIn6jcKrCvxLc0WcoYAM4LnqB8CIQDuoUBKLieS
SpkSqakX7GahcZ13IsJSvN233SuIqUY6zQ==
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgk5Oh3bRRUs8zqwvC
5EVPPGAetwH9xILZO/Knl5q2RXahRANCAASPfdzPfVwG9fSW4Z1pJg12ycsAP6Hu
2q62b1q8SIrE/ucQAuWM0c0gKA7coOxcPJSFh4+nQrkn/idxy8DBKfJf
-----END PRIVATE KEY-----
`,
};
