/* tls_server.c - the part of OpenSSL that all servers share */
#include "base/tls_server.h"

#include <openssl/err.h>
#include <stddef.h>
#include <unistd.h>

#define NO_REASON "no reason given"

const char *tls_take_reason(const char *none)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);

	ERR_clear_error();
	return reason == NULL ? none : reason;
}

/* without it OpenSSL would ask on the terminal */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

int tls_check_readable(const struct tls_file *file, struct error *error)
{
	if (access(file->path, R_OK) < 0)
		return error_set_errno(error, "%s %s", file->option, file->path);
	return 0;
}

static int load_pair(SSL_CTX *context, const struct tls_file *certificate,
		     const struct tls_file *key, struct error *error)
{
	if (tls_check_readable(certificate, error) < 0 ||
	    tls_check_readable(key, error) < 0)
		return -1;
	if (SSL_CTX_use_certificate_chain_file(context, certificate->path) != 1)
		return error_set(error, "%s %s: no certificate in PEM: %s",
				 certificate->option, certificate->path,
				 tls_take_reason(NO_REASON));
	if (SSL_CTX_use_PrivateKey_file(context, key->path, SSL_FILETYPE_PEM) == 1)
		return 0;
	if (ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_X509) {
		ERR_clear_error(); /* it is told in our words */
		return error_set(error, "%s %s: not the key of %s %s", key->option,
				 key->path, certificate->option, certificate->path);
	}
	return error_set(error, "%s %s: no private key in PEM without a passphrase: %s",
			 key->option, key->path, tls_take_reason(NO_REASON));
}

SSL_CTX *tls_server_context(const struct tls_file *certificate,
			    const struct tls_file *key, struct error *error)
{
	SSL_CTX *context = NULL;

	ERR_clear_error();
	context = SSL_CTX_new(TLS_server_method());
	if (context == NULL) {
		(void)error_set(error, "tls: %s", tls_take_reason(NO_REASON));
		return NULL;
	}
	SSL_CTX_set_default_passwd_cb(context, no_passphrase);
	/* peers that close without a close_notify are many; what they sent counts */
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION |
					     SSL_OP_CIPHER_SERVER_PREFERENCE |
					     SSL_OP_IGNORE_UNEXPECTED_EOF);
	/* idle connections are many, and buffers are 34 KB each */
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
		(void)error_set(error, "tls: %s", tls_take_reason(NO_REASON));
	} else if (load_pair(context, certificate, key, error) == 0) {
		return context;
	}
	SSL_CTX_free(context);
	return NULL;
}
