from long_logs import fill
def test_x(site, alice, bob, gardening):
    bob.joins(gardening)
    bob.has_read(gardening)
    bob.opens(gardening)
    cdp = bob.page.context.new_cdp_session(bob.page)
    cdp.send("Performance.enable")
    def state(label):
        cdp.send("HeapProfiler.collectGarbage")
        m = {m["name"]: m["value"] for m in cdp.send("Performance.getMetrics")["metrics"]}
        print(label, {k: m[k] for k in ("JSHeapUsedSize","Nodes","JSEventListeners","LayoutObjects")}, bob.page.evaluate("() => [document.querySelectorAll('#chat-log [data-seq]').length, document.querySelector('#chat-log').lastElementChild.dataset.seq]"))
    state("start")
    for n in range(10):
        alice.floods(gardening, 2000)
        bob.page.wait_for_timeout(1500)
        state(n)
