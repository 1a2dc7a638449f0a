# Perl: fork, sockets, Storable, its threads, and the System V kinds of sharing.
use strict;
use warnings;
use threads;
use threads::shared;
use File::Temp qw(tempdir);
use IO::Socket::INET;
use IPC::Open3;
use IPC::SysV qw(IPC_PRIVATE IPC_RMID IPC_CREAT S_IRUSR S_IWUSR);
use IPC::Msg;
use IPC::Semaphore;
use Storable qw(lock_store lock_retrieve dclone);

sub check {
    my ($name, $got, $expected) = @_;
    die "$name: $got, not $expected\n" unless $got eq $expected;
    print "$name\n";
}

$| = 1;
pipe(my $reader, my $writer) or die $!;
for my $n (1 .. 4) {
    next if fork;
    syswrite $writer, "$n\n";
    exit $n;
}
close $writer;
my @lines = sort <$reader>;
my $statuses = 0;
$statuses += $? >> 8 while wait > 0;
check('fork', "@lines$statuses", "1\n 2\n 3\n 4\n10");

my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 5) or die "listen: $!";
my $port = $server->sockport;
unless (fork) {
    for (1 .. 3) {
        my $client = $server->accept;
        print $client uc <$client>;
        close $client;
    }
    exit 0;
}
my $answers = '';
for my $n (1 .. 3) {
    my $client = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") or die "connect: $!";
    print $client "line $n\n";
    $answers .= <$client>;
}
wait;
check('sockets', $answers . $?, "LINE 1\nLINE 2\nLINE 3\n0");

my $file = tempdir(CLEANUP => 1) . '/stored';
lock_store({ list => [1 .. 1000], text => "\x{263a}" }, $file);
my $read = lock_retrieve($file);
check('Storable', scalar(@{ dclone($read)->{list} }) . ord $read->{text}, '1000' . 0x263a);

my $sum : shared = 0;
$_->join for map { my $n = $_; threads->create(sub { lock $sum; $sum += $n }) } 1 .. 8;
check('threads', $sum, 36);

my $queue = IPC::Msg->new(IPC_PRIVATE, IPC_CREAT | S_IRUSR | S_IWUSR) or die "msgget: $!";
my $semaphore = IPC::Semaphore->new(IPC_PRIVATE, 1, IPC_CREAT | S_IRUSR | S_IWUSR) or die "semget: $!";
my $memory = shmget(IPC_PRIVATE, 4096, S_IRUSR | S_IWUSR) // die "shmget: $!";
unless (fork) {
    shmwrite($memory, 'in memory', 0, 9) or die $!;
    $queue->snd(1, 'by message') or die $!;
    $semaphore->op(0, 1, 0) or die $!;
    exit 0;
}
$semaphore->op(0, -1, 0) or die "semop: $!";
$queue->rcv(my $message, 100) or die "msgrcv: $!";
shmread($memory, my $bytes, 0, 9) or die "shmread: $!";
wait;
$queue->remove;
$semaphore->remove;
shmctl($memory, IPC_RMID, 0);
check('System V', "$message, $bytes, $?", 'by message, in memory, 0');

my $pid = open3(my $in, my $out, undef, 'sh', '-c', 'cat; exit 3');
print $in 'through a child';
close $in;
my $through = <$out>;
waitpid $pid, 0;
check('children', $through . ($? >> 8), 'through a child3');
