def test_everyone_in_a_group_sees_a_message_at_once(alice, bob, gardening):
    bob.joins(gardening)

    with alice.in_group(gardening) as hers, bob.in_group(gardening) as his:
        hers.send_json({"type": "text_message", "message": "hi", "author": "alice"})

        assert hers.receive_json() == his.receive_json()
