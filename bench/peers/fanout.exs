# What the BEAM needs to hand one message to many waiting processes: by `send` to plain processes that count what they
# got, and by `GenServer.cast`. Told what to do on standard input, a line each: `send` or `cast`; answers with the
# microseconds from the first send until the last process has handled the message. The first line that it prints is
# what a waiting process takes, in bytes.

defmodule Plain do
  def start(missing, parent), do: spawn(fn -> loop(0, missing, parent) end)

  defp loop(sequence, missing, parent) do
    receive do
      {:deliver, _payload} ->
        if :atomics.sub_get(missing, 1, 1) == 0, do: send(parent, :done)
        loop(sequence + 1, missing, parent)
    end
  end
end

defmodule Server do
  use GenServer

  @impl true
  def init(state), do: {:ok, state}

  @impl true
  def handle_cast({:deliver, _payload}, {sequence, missing, parent}) do
    if :atomics.sub_get(missing, 1, 1) == 0, do: send(parent, :done)
    {:noreply, {sequence + 1, missing, parent}}
  end
end

defmodule FanOut do
  def run(size) do
    missing = :atomics.new(1, [])
    :erlang.garbage_collect()
    before = :erlang.memory(:processes)
    plain = for _ <- 1..size, do: Plain.start(missing, self())
    # Until all wait.
    Process.sleep(500)
    IO.puts(div(:erlang.memory(:processes) - before, size))
    servers = for _ <- 1..size, do: elem(GenServer.start(Server, {0, missing, self()}), 1)
    payload = String.duplicate("x", 200)

    for line <- IO.stream(:stdio, :line) do
      :atomics.put(missing, 1, size)
      start = System.monotonic_time()

      case String.trim(line) do
        "send" -> for pid <- plain, do: send(pid, {:deliver, payload})
        "cast" -> for pid <- servers, do: GenServer.cast(pid, {:deliver, payload})
      end

      receive do
        :done -> IO.puts(System.convert_time_unit(System.monotonic_time() - start, :native, :nanosecond) / 1000)
      end
    end

    # At the end of the input, at once: a hundred thousand processes need not be told.
    System.halt(0)
  end
end

[size] = System.argv()
FanOut.run(String.to_integer(size))
