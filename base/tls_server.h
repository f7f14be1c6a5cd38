/* tls_server.h - what every TLS server of siftd starts from: limits, certificate and
 * key
 *
 * Threads: any; one context by one thread at a time until it is complete.
 * Owner: of the context the caller, by SSL_CTX_free; connections hold it as long as
 * they need it. Limits: TLS 1.2 and later, no renegotiation, no session cache; keys
 * without a passphrase only.
 */
#ifndef SIFTD_BASE_TLS_SERVER_H
#define SIFTD_BASE_TLS_SERVER_H

#include <openssl/ssl.h>

#include "base/compiler.h"
#include "base/error.h"

/* a file of the configuration and the option that named it, which errors give */
struct tls_file {
	const char *option;
	const char *path;
};

/* PEM files: the certificate and those above it, and its key. NULL: an error, which
 * names the file that is wrong */
MUST_CHECK SSL_CTX *tls_server_context(const struct tls_file *certificate,
				       const struct tls_file *key, struct error *error);
/* can it be read? OpenSSL would not say why not */
MUST_CHECK int tls_check_readable(const struct tls_file *file, struct error *error);
/* the newest reason, or `none`; empties the thread's queue, as SSL_get_error needs it
 */
const char *tls_take_reason(const char *none);

#endif
