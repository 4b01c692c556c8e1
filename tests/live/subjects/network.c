/* SPDX-License-Identifier: GPL-2.0-only */
#include "network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int lo_up(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), error = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, SIOCSIFFLAGS, &request))
		error = -errno;
	close(fd);
	return error;
}

/*
 * One host route of the given type (rtnetlink(7)).  RTN_UNICAST goes through lo, to a host that is not there: the
 * kernel takes each packet back and discards it without an answer.
 */
static int route_add(const char *host, unsigned char type)
{
	struct {
		struct nlmsghdr header;
		struct rtmsg route;
		struct rtattr out;
		int interface; /* 0: none, as of the routes that say no */
		struct rtattr to;
		struct in_addr destination;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			.nlmsg_type = RTM_NEWROUTE,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK},
		.route = {.rtm_family = AF_INET,
			.rtm_dst_len = 32,
			.rtm_table = RT_TABLE_MAIN,
			.rtm_protocol = RTPROT_BOOT,
			.rtm_scope = RT_SCOPE_UNIVERSE,
			.rtm_type = type},
		.out = {.rta_len = RTA_LENGTH(sizeof(int)), .rta_type = RTA_OIF},
		.interface = type == RTN_UNICAST ? (int)if_nametoindex("lo") : 0,
		.to = {.rta_len = RTA_LENGTH(sizeof(struct in_addr)), .rta_type = RTA_DST},
	};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} answer = {0};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), error = 0;

	if (fd < 0)
		return -errno;
	inet_pton(AF_INET, host, &request.destination);
	if (send(fd, &request, sizeof(request), 0) < 0 || recv(fd, &answer, sizeof(answer), 0) < 0)
		error = -errno;
	else
		error = answer.error.error;
	close(fd);
	return error;
}

static int own6_add(void)
{
	struct {
		struct in6_addr address;
		unsigned int prefix;
		int interface;
	} request = {.prefix = 128, .interface = (int)if_nametoindex("lo")}; /* struct in6_ifreq */
	struct sockaddr_in6 own = {.sin6_family = AF_INET6};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), error = 0;

	if (fd < 0)
		return -errno;
	inet_pton(AF_INET6, HOST_OWN6, &request.address);
	own.sin6_addr = request.address;
	if (ioctl(fd, SIOCSIFADDR, &request))
		error = -errno;
	/* Tentative until a worker of the kernel has been by (net/ipv6/addrconf.c, addrconf_dad_work), on lo too. */
	for (int i = 0; !error && i < 1000 && bind(fd, (struct sockaddr *)&own, sizeof(own)); i++)
		usleep(1000);
	close(fd);
	return error;
}

int network_private(void)
{
	int error;

	if (unshare(CLONE_NEWNET))
		return -errno;
	error = lo_up();
	if (!error)
		error = route_add(HOST_UNREACHABLE, RTN_UNREACHABLE);
	if (!error)
		error = route_add(HOST_PROHIBIT, RTN_PROHIBIT);
	if (!error)
		error = route_add(HOST_BLACKHOLE, RTN_BLACKHOLE);
	if (!error)
		error = route_add(HOST_SILENT, RTN_UNICAST);
	if (!error)
		error = own6_add();
	if (error)
		errno = -error;
	return error;
}

/* The program `return 0`: refused. */
static int refusing_program(void)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
		.expected_attach_type = BPF_CGROUP_INET4_CONNECT,
		.insns = (unsigned long)code,
		.insn_cnt = sizeof(code) / sizeof(code[0]),
		.license = (unsigned long)"GPL",
	};

	return syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));
}

/* Where the calling process's cgroup-v2 is below the root of that hierarchy. */
static int own_cgroup(char *path, size_t size)
{
	FILE *file = fopen("/proc/self/cgroup", "r");

	if (!file)
		return -errno;
	*path = 0;
	for (char line[512]; fgets(line, sizeof(line), file);)
		if (strncmp(line, "0::", 3) == 0)
			snprintf(path, size, "%.*s", (int)strcspn(line + 3, "\n"), line + 3);
	fclose(file);
	return *path ? 0 : -ENOENT;
}

/* In a child: enter the cgroup at directory, run body. */
static int run_inside(int directory, void (*body)(void *), void *argument)
{
	int procs = openat(directory, "cgroup.procs", O_WRONLY | O_CLOEXEC), status;
	pid_t pid;

	if (procs < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		/* 0 stands for the writer (cgroups(7)). */
		if (write(procs, "0", 1) != 1)
			_exit(1);
		body(argument);
		_exit(0);
	}
	close(procs);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return status ? -ECHILD : 0;
}

int network_forbidden(void (*body)(void *), void *argument)
{
	/* A mount of our own in a mount namespace of our own: any machine, mounted there or not. */
	static const char mounted[] = "/tmp";
	union bpf_attr attach = {.attach_type = BPF_CGROUP_INET4_CONNECT};
	char own[512], path[700];
	int program, directory, error;

	error = own_cgroup(own, sizeof(own));
	if (error)
		return error;
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount("subject", mounted, "cgroup2", 0, NULL))
		return -errno;
	snprintf(path, sizeof(path), "%s%s/refuse-%d", mounted, own, (int)getpid());
	if (mkdir(path, 0755))
		return -errno;
	program = refusing_program();
	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	attach.target_fd = directory;
	attach.attach_bpf_fd = program;
	if (program < 0 || directory < 0 ||
		syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof(attach)))
		error = -errno;
	else
		error = run_inside(directory, body, argument);
	if (program >= 0)
		close(program);
	if (directory >= 0)
		close(directory);
	/* The program is detached with its cgroup. */
	rmdir(path);
	return error;
}
