/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What getsockopt() answers is the kernel's own word below a tracer too, whose program on the cgroup is asked each
 * time: long answers, answers that find no room, and calls that fail.
 */
#include "subject.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define GROUPS	       2000 /* 8000 bytes: more than a page */
#define LEFT_AS_IT_WAS 0x5a5a5a5a

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

static gid_t got[GROUPS + 1000];

/* Asks with this much room, and checks the errno, the length that comes back, and the first and last word. */
static void ask(int fd, int option, socklen_t room, int error, socklen_t length, const char *what)
{
	socklen_t len = room;
	int result;

	memset(got, LEFT_AS_IT_WAS & 0xff, sizeof(got));
	result = getsockopt(fd, SOL_SOCKET, option, got, &len);
	must(error ? result == -1 && errno == error : result == 0, what);
	errno = 0;
	must(len == length, what);
	if (error)
		must(got[0] == LEFT_AS_IT_WAS, what);
	else
		must(got[0] == 1 && got[GROUPS - 1] == GROUPS && got[GROUPS] == LEFT_AS_IT_WAS,
			what);
}

static void ask_peer_groups(void)
{
	gid_t groups[GROUPS];
	int pair[2];

	for (int i = 0; i < GROUPS; i++)
		groups[i] = i + 1;
	must(syscall(SYS_setgroups, GROUPS, groups) == 0, "setgroups");
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
	ask(pair[0], SO_PEERGROUPS, sizeof(groups), 0, sizeof(groups), "8000 bytes, room for them");
	ask(pair[0], SO_PEERGROUPS, sizeof(got), 0, sizeof(groups), "8000 bytes, room for more");
	ask(pair[0], SO_PEERGROUPS, 4, ERANGE, sizeof(groups), "8000 bytes, room for 4");
	ask(pair[0], SO_PEERGROUPS, 5000, ERANGE, sizeof(groups), "8000 bytes, room for 5000");
	ask(pair[0], 9999, 4, ENOPROTOOPT, 4, "no such option");
	ask(pair[0], 9999, sizeof(got), ENOPROTOOPT, sizeof(got), "no such option, much room");
	close(pair[0]);
	close(pair[1]);
}

/* Without an error the kernel says how much room it takes, and writes what fits (af_netlink.c). */
static void ask_memberships(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	socklen_t none = 0, little = 4;
	unsigned int word = LEFT_AS_IT_WAS;

	/* RTNLGRP_LINK is the first of more than 32 groups. */
	must(fd >= 0 && setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &(int){1},
				sizeof(int)) == 0,
		"a netlink socket in a group");
	must(getsockopt(fd, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, NULL, &none) == 0,
		"memberships, no room");
	must(none > 4, "memberships, their length");
	must(getsockopt(fd, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, &word, &little) == 0,
		"memberships, room for 4");
	must(word == 1 && little == none, "memberships, the first word");
	close(fd);
}

static void ask_all(void *unused)
{
	(void)unused;
	ask_peer_groups();
	ask_memberships();
}

void options_kept(void)
{
	must(in_child(ask_all, NULL) == 0, "what getsockopt() answers");
}
