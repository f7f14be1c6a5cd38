/* keyring.c - reads or makes the file; seals and opens
 *
 *	ID ":" base64( nonce | ciphertext | tag )
 */
#include "sinks/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define KEY_BYTES crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
#define HEX_BYTES ((size_t)2 * KEY_BYTES)
#define ID_BYTES 4
#define FILE_BYTES_MAX 4096
#define BASE64 sodium_base64_VARIANT_ORIGINAL

struct key {
	unsigned char bytes[KEY_BYTES];
	char id[KEYRING_ID_SIZE];
};

struct keyring {
	struct key keys[KEYRING_KEYS_MAX];
	size_t count;
};

void keyring_free(struct keyring **keyring)
{
	if (*keyring == NULL)
		return;
	sodium_memzero(*keyring, sizeof(**keyring));
	mem_free(*keyring);
	*keyring = NULL;
}

static void name_key(struct key *key)
{
	unsigned char hash[crypto_generichash_BYTES];

	crypto_generichash(hash, sizeof(hash), key->bytes, sizeof(key->bytes), NULL, 0);
	sodium_bin2hex(key->id, sizeof(key->id), hash, ID_BYTES);
}

/* written aside and renamed: there is a whole key in it, or no file */
static int write_file(const char *path, struct slice text, struct error *error)
{
	struct buf aside = { 0 };
	int status = -1;
	int fd = -1;

	buf_printf(&aside, "%s.new", path);
	buf_append_char(&aside, '\0');
	fd = open(aside.data, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		  0600);
	if (fd < 0 || write(fd, text.ptr, text.len) != (ssize_t)text.len ||
	    fsync(fd) != 0 || rename(aside.data, path) != 0)
		(void)error_set_errno(error, "key file %s", path); /* always -1 */
	else
		status = 0;
	if (fd >= 0)
		(void)close(fd); /* it was synced */
	buf_deinit(&aside);
	return status;
}

static int sync_folder(const char *path, struct error *error)
{
	const char *name = strrchr(path, '/');
	char *folder =
		name == NULL ? mem_strdup(".")
			     : mem_slice_dup(slice_of(path, (size_t)(name - path) + 1));
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int status = 0;

	if (fd < 0 || fsync(fd) != 0)
		status = error_set_errno(error, "key file %s: its folder", path);
	if (fd >= 0)
		(void)close(fd); /* nothing was written */
	mem_free(folder);
	return status;
}

static int make_file(const char *path, struct error *error)
{
	unsigned char key[KEY_BYTES];
	char line[HEX_BYTES + 2];
	int status = 0;

	randombytes_buf(key, sizeof(key));
	sodium_bin2hex(line, sizeof(line) - 1, key, sizeof(key));
	line[HEX_BYTES] = '\n';
	status = write_file(path, slice_of(line, HEX_BYTES + 1), error);
	if (status == 0)
		status = sync_folder(path, error);
	sodium_memzero(key, sizeof(key));
	sodium_memzero(line, sizeof(line));
	return status;
}

static int read_line(struct keyring *keyring, struct slice line)
{
	struct key *key = &keyring->keys[keyring->count];
	size_t len = 0;

	if (keyring->count == KEYRING_KEYS_MAX || line.len != HEX_BYTES ||
	    sodium_hex2bin(key->bytes, sizeof(key->bytes), line.ptr, line.len, NULL,
			   &len, NULL) != 0 ||
	    len != KEY_BYTES)
		return -1;
	name_key(key);
	keyring->count++;
	return 0;
}

static int read_lines(struct keyring *keyring, struct slice text)
{
	while (text.len > 0) {
		const char *end = memchr(text.ptr, '\n', text.len);
		size_t len = end == NULL ? text.len : (size_t)(end - text.ptr);

		if (len > 0 && read_line(keyring, slice_head(text, len)) < 0)
			return -1;
		text = slice_from(text, end == NULL ? len : len + 1);
	}
	return keyring->count > 0 ? 0 : -1;
}

static int read_file(int fd, const char *path, struct keyring *keyring,
		     struct error *error)
{
	char text[FILE_BYTES_MAX];
	struct stat found;
	ssize_t len = 0;
	int status = 0;

	if (fstat(fd, &found) != 0)
		return error_set_errno(error, "key file %s", path);
	if (!S_ISREG(found.st_mode) || (found.st_mode & 077) != 0)
		return error_set(error,
				 "key file %s: must be a file that only its owner may "
				 "read (mode 0600)",
				 path);
	len = read(fd, text, sizeof(text));
	if (len < 0)
		return error_set_errno(error, "key file %s", path);
	if (read_lines(keyring, slice_of(text, (size_t)len)) < 0)
		status = error_set(error,
				   "key file %s: must have 1 to %d lines of %zu hex "
				   "digits",
				   path, KEYRING_KEYS_MAX, HEX_BYTES);
	sodium_memzero(text, sizeof(text));
	return status;
}

int keyring_load(const char *path, struct keyring **out, struct error *error)
{
	struct keyring *keyring = NULL;
	int status = 0;
	int fd = -1;

	if (sodium_init() < 0)
		return error_set(error, "libsodium does not start");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		if (make_file(path, error) < 0)
			return -1;
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return error_set_errno(error, "key file %s", path);
	keyring = mem_calloc(1, sizeof(*keyring));
	status = read_file(fd, path, keyring, error);
	(void)close(fd); /* nothing was written */
	if (status < 0)
		keyring_free(&keyring);
	*out = keyring;
	return status;
}

const char *keyring_id(const struct keyring *keyring)
{
	return keyring->keys[0].id;
}

void keyring_seal(const struct keyring *keyring, struct slice what, struct slice plain,
		  struct buf *out)
{
	const struct key *key = &keyring->keys[0];
	size_t len = NONCE_BYTES + plain.len + TAG_BYTES;
	size_t text_size = sodium_base64_ENCODED_LEN(len, BASE64);
	unsigned char *bytes = mem_alloc(len);
	char *text = mem_alloc(text_size);

	randombytes_buf(bytes, NONCE_BYTES);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(
		bytes + NONCE_BYTES, NULL, (const unsigned char *)plain.ptr, plain.len,
		(const unsigned char *)what.ptr, what.len, NULL, bytes,
		key->bytes); /* always 0 */
	sodium_bin2base64(text, text_size, bytes, len, BASE64);
	buf_printf(out, "%s:%s", key->id, text);
	mem_free(bytes);
	mem_free(text);
}

/* NULL: there is no such key */
static const struct key *find_key(const struct keyring *keyring, struct slice id)
{
	for (size_t i = 0; i < keyring->count; i++) {
		if (slice_equal(id, slice_str(keyring->keys[i].id)))
			return &keyring->keys[i];
	}
	return NULL;
}

/* appends; -1: it is not what was sealed */
static int open_bytes(const struct key *key, struct slice what, struct slice bytes,
		      struct buf *out)
{
	unsigned char *plain = NULL;
	size_t len = 0;
	int status = -1;

	if (bytes.len < NONCE_BYTES + TAG_BYTES)
		return -1;
	len = bytes.len - NONCE_BYTES - TAG_BYTES;
	plain = mem_alloc(len + 1);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		    plain, NULL, NULL, (const unsigned char *)bytes.ptr + NONCE_BYTES,
		    bytes.len - NONCE_BYTES, (const unsigned char *)what.ptr, what.len,
		    (const unsigned char *)bytes.ptr, key->bytes) == 0) {
		buf_append(out, (const char *)plain, len);
		status = 0;
	}
	sodium_memzero(plain, len + 1);
	mem_free(plain);
	return status;
}

int keyring_open(const struct keyring *keyring, struct slice what, struct slice sealed,
		 struct buf *out, struct error *error)
{
	const struct key *key = NULL;
	struct slice text = { 0 };
	unsigned char *bytes = NULL;
	size_t len = 0;
	int status = -1;

	if (sealed.len >= KEYRING_ID_SIZE && sealed.ptr[KEYRING_ID_SIZE - 1] == ':')
		key = find_key(keyring, slice_head(sealed, KEYRING_ID_SIZE - 1));
	if (key == NULL)
		return error_set(error, "sealed under a key that the key file lacks");
	text = slice_from(sealed, KEYRING_ID_SIZE);
	bytes = mem_alloc(text.len + 1);
	if (sodium_base642bin(bytes, text.len, text.ptr, text.len, NULL, &len, NULL,
			      BASE64) == 0)
		status = open_bytes(key, what, slice_of((char *)bytes, len), out);
	mem_free(bytes);
	return status == 0 ? 0 : error_set(error, "what was sealed is damaged");
}
