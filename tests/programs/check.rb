# Ruby: threads, fork, sockets of both kinds, a terminal, timeouts.
require 'open3'
require 'pty'
require 'socket'
require 'tmpdir'
require 'timeout'

def check(name, got, expected)
  abort "#{name}: #{got.inspect}, not #{expected.inspect}" unless got == expected
  puts name
end

queue = Queue.new
consumers = Array.new(4) { Thread.new { Array.new(25) { queue.pop }.sum } }
100.times { |n| queue << n }
check 'threads', consumers.sum(&:value), 4950

reader, writer = IO.pipe
pids = Array.new(4) { |n| fork { reader.close; writer.write("#{n}\n"); exit!(n) } }
writer.close
statuses = pids.map { |pid| Process.wait2(pid)[1].exitstatus }
check 'fork', [reader.read.lines.map(&:to_i).sort, statuses], [[0, 1, 2, 3], [0, 1, 2, 3]]

server = TCPServer.new('127.0.0.1', 0)
serving = Thread.new { 5.times { client = server.accept; client.puts client.gets.upcase; client.close } }
answers = Array.new(5) { |n| TCPSocket.open('127.0.0.1', server.addr[1]) { |s| s.puts "line #{n}"; s.gets } }
serving.join
check 'TCP', answers, Array.new(5) { |n| "LINE #{n}\n" }

Dir.mktmpdir do |folder|
  UNIXServer.open("#{folder}/socket") do |listener|
    pid = fork { UNIXSocket.open("#{folder}/socket") { |s| s.send_io($stdout) ; s.write 'sent' }; exit!(0) }
    accepted = listener.accept
    handed = accepted.recv_io
    check 'Unix', [accepted.read, handed.stat.ino, Process.wait2(pid)[1].to_i], ['sent', $stdout.stat.ino, 0]
  end
end

check 'children', Open3.capture3('sh', '-c', 'cat; echo err >&2; exit 3', stdin_data: 'in').then { |o, e, s| [o, e, s.exitstatus] },
      ['in', "err\n", 3]
PTY.spawn('tty') { |out, _, pid| check 'terminal', [out.gets.start_with?('/dev/pts/'), Process.wait2(pid)[1].to_i], [true, 0] }
timed_out = begin
  Timeout.timeout(0.05) { sleep }
rescue Timeout::Error
  true
end
check 'timeouts', timed_out, true
