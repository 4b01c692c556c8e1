// SPDX-License-Identifier: GPL-2.0-only
/* The bytes of an env file: of a regular one, or of what a command line names. */
#include "node/env_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int fd, size_t size, struct env_file_bytes *out)
{
	/* One byte more than the file says shows a file that grows while it is read. */
	out->bytes = malloc(size + 1);
	if (!out->bytes)
		return -ENOMEM;
	while (out->len <= size) {
		ssize_t n = read(fd, out->bytes + out->len, size + 1 - out->len);

		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			out->len += (size_t)n;
	}
	return -EAGAIN;
}

int env_file_read(const char *path, struct env_file_bytes *out)
{
	struct stat st;
	int fd, err = -EAGAIN;

	memset(out, 0, sizeof(*out));
	/* O_NONBLOCK: opening a pipe would wait for its writer for ever. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	for (int tries = 0; err == -EAGAIN && tries < 3; tries++) {
		env_file_bytes_free(out);
		if (fstat(fd, &st))
			err = -errno;
		else if (!S_ISREG(st.st_mode))
			err = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
		else if (st.st_size > (off_t)ENV_FILE_BYTES_MAX)
			err = -EFBIG;
		else if (lseek(fd, 0, SEEK_SET) < 0)
			err = -errno;
		else
			err = read_all(fd, (size_t)st.st_size, out);
	}
	if (err)
		env_file_bytes_free(out);
	else
		out->mtime_ns = st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec;
	close(fd);
	return err;
}

static int read_to_end(int fd, struct env_file_bytes *out)
{
	size_t capacity = 0;

	for (;;) {
		ssize_t n;

		if (out->len == capacity) {
			char *more;

			if (capacity > ENV_FILE_BYTES_MAX)
				return -EFBIG;
			capacity = capacity ? capacity * 2 : 65536;
			/* Not realloc(): what it leaves behind may be a secret. */
			more = malloc(capacity);
			if (!more)
				return -ENOMEM;
			if (out->len)
				memcpy(more, out->bytes, out->len);
			if (out->bytes)
				explicit_bzero(out->bytes, out->len);
			free(out->bytes);
			out->bytes = more;
		}
		n = read(fd, out->bytes + out->len, capacity - out->len);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		out->len += n > 0 ? (size_t)n : 0;
	}
}

int env_file_read_stream(const char *path, struct env_file_bytes *out)
{
	struct stat st;
	int fd, err;

	memset(out, 0, sizeof(*out));
	if (stat(path, &st))
		return -errno;
	if (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
		return env_file_read(path, out);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	err = read_to_end(fd, out);
	close(fd);
	if (err)
		env_file_bytes_free(out);
	return err;
}

void env_file_bytes_free(struct env_file_bytes *b)
{
	if (b->bytes)
		explicit_bzero(b->bytes, b->len);
	free(b->bytes);
	memset(b, 0, sizeof(*b));
}
