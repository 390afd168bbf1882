export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/**
 * Who a server of this suite says it is: localhost, from 2020 to 2120. The key is no secret: whoever trusts this
 * certificate anywhere else is lost.
 */
export const identity: Identity = {
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

/** The same of another one. */
export const otherIdentity: Identity = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBZDCCAQqgAwIBAgIBAjAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABM8oUfODgBK/b+KS
ie0fZxIoeE/G2P01RaaV7Svd1jTif0YgjsW7fEWSqV/9mG0fRqMuhTqBizBhdtFJ
VRCPUaWjSzBJMBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAMBgNVHRMBAf8E
AjAAMB0GA1UdDgQWBBTqTn0lU3gH3BCgdvgyCBUONr5rpzAKBggqhkjOPQQDAgNI
ADBFAiEAr19KABI37L3zCPmYAYNF0cMtsyusogwHYxVMmTtwsywCIGzT4QEx5PMF
oh2XteSlzO/GiJvT/i4go6JnQtmeJuMe
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgNLlAnCz3tNhjKQ7t
lUia5+KVXcgltWpglZ+E6bndevGhRANCAATPKFHzg4ASv2/ikontH2cSKHhPxtj9
NUWmle0r3dY04n9GII7Fu3xFkqlf/ZhtH0ajLoU6gYswYXbRSVUQj1Gl
-----END PRIVATE KEY-----
`,
};

/** The key of {@link otherIdentity}, encrypted. */
export const encryptedKey: { readonly passphrase: string; readonly key: string } = {
  passphrase: "secret",
  key: `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAj0CXQsRwnSGgICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEKmhuZohuG64uZxBV1LDbXYEgZDr
/jRpVV+Qlt9Cyi9EzXmIk2WZORk8M8ktrX11WSH/IJAEUmdoNsewFbE47yZ7+kfI
B85ZOBGjmAGaXsevakA2all0HEZjCW4ylkpm2Usxnf7grmWCKwRwBg0R1gMc4cjJ
mIu9GPjETouhoF8mOlEFgHP0QDtwH4ww/mVDDzMFns4CuXfSKwpnUhX/jV8poCM=
-----END ENCRYPTED PRIVATE KEY-----
`,
};
