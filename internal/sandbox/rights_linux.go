package sandbox

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Sockets between this program's own processes, and descriptors sent over them
// (unix(7), SCM_RIGHTS). Package net would do that too, and every worker would link
// it: these are its calls.

// mostSent is how many descriptors one message may carry; the kernel takes 253.
const mostSent = 200

// socketPair is a pair of connected sockets: ours waits in the runtime's poller,
// theirs is for another process, which blocks.
func socketPair(kind int) (ours, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		return nil, nil, errors.Join(err, unix.Close(fds[0]), unix.Close(fds[1]))
	}
	return os.NewFile(uintptr(fds[0]), "socket"), os.NewFile(uintptr(fds[1]), "socket"), nil
}

// send sends one message with descriptors, whole or not at all where the socket
// keeps messages apart.
func send(s *os.File, message []byte, files []*os.File) error {
	fds := make([]int, len(files))
	for i, f := range files {
		fds[i] = int(f.Fd())
	}
	var rights []byte
	if len(fds) > 0 {
		rights = unix.UnixRights(fds...)
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	err = raw.Write(func(fd uintptr) bool {
		sent = unix.Sendmsg(int(fd), message, rights, nil, unix.MSG_NOSIGNAL)
		return !again(sent)
	})
	return errors.Join(err, sent)
}

// receive reads one message into b, and the descriptors that came with it, closed
// on exec. n is 0 where the other side is gone. Whatever came is the caller's to
// close, also beside an error.
func receive(s *os.File, b []byte) (n int, files []*os.File, err error) {
	raw, err := s.SyscallConn()
	if err != nil {
		return 0, nil, err
	}
	var fds []int
	var received error
	err = raw.Read(func(fd uintptr) bool {
		n, fds, received = receiveFrom(int(fd), b)
		return !again(received)
	})
	for _, fd := range fds {
		files = append(files, os.NewFile(uintptr(fd), "received"))
	}
	return n, files, errors.Join(err, received)
}

// receiveFrom is receive on a bare descriptor.
func receiveFrom(fd int, b []byte) (n int, fds []int, err error) {
	oob := make([]byte, unix.CmsgSpace(4*mostSent))
	n, oobn, flags, _, err := unix.Recvmsg(fd, b, oob, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return 0, nil, err
	}
	messages, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil {
		return n, nil, fmt.Errorf("reading descriptors: %w", err)
	}
	for _, m := range messages {
		got, bad := unix.ParseUnixRights(&m)
		fds, err = append(fds, got...), errors.Join(err, bad)
	}
	if flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) != 0 {
		err = errors.Join(err, errors.New("a message is longer than anybody sends"))
	}
	return n, fds, err
}

func again(err error) bool { return errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) }

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
